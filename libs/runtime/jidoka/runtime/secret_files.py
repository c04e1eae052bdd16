"""Secrets from mounted files: for every secret field X, the variable `X_FILE` may name the file that holds it."""

import os
from pathlib import Path
from typing import Any, get_args

from pydantic import SecretBytes, SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import PydanticBaseSettingsSource

from jidoka.runtime.errors import ConfigError


def is_secret(field: FieldInfo) -> bool:
    """Whether a settings field holds a secret."""
    kinds = (field.annotation, *get_args(field.annotation))
    return SecretStr in kinds or SecretBytes in kinds


class SecretFiles(PydanticBaseSettingsSource):
    """Reads the files. Raises ConfigError when a file cannot be read, or when both X and X_FILE are set."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """The content of the file without the newlines at its end."""
        variable = field_name.upper()
        path = os.environ.get(f"{variable}_FILE")
        if not path or not is_secret(field):
            return None, field_name, False
        if os.environ.get(variable):
            raise ConfigError(f"{variable} and {variable}_FILE are both set; set one")
        try:
            return Path(path).read_text().rstrip("\r\n"), field_name, False
        except OSError as error:
            raise ConfigError(f"{variable}_FILE={path}: cannot be read: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise ConfigError(f"{variable}_FILE={path}: is not text") from error

    def __call__(self) -> dict[str, Any]:
        """All secrets that come from files."""
        values = {name: self.get_field_value(field, name)[0] for name, field in self.settings_cls.model_fields.items()}
        return {name: value for name, value in values.items() if value is not None}
