"""Settings from the environment, read once in `main`; a secret may come from the file that `NAME_FILE` names."""

import json
from pathlib import Path
from typing import Any, ClassVar, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, SettingsError

from jidoka.runtime.errors import ConfigError
from jidoka.runtime.secret_files import SecretFiles, is_secret
from jidoka.runtime.tables import line_scope, load_toml, section

__all__ = ["MqttSettings", "Settings", "line_scope", "load_settings", "load_toml", "section"]

S = TypeVar("S", bound="Settings")
MASK = "***"


class MqttSettings(BaseModel):
    """Where the broker is and who we are to it."""

    model_config = ConfigDict(frozen=True)

    host: str = "127.0.0.1"
    port: int = 1883
    username: str | None = None
    password: SecretStr | None = None
    tls: bool = False
    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None
    keepalive_s: int = 10


class Settings(BaseSettings):
    """What every service reads. A service subclasses it with its own fields and its own `service` name."""

    model_config = SettingsConfigDict(env_ignore_empty=True, extra="ignore", frozen=True)
    service: ClassVar[str] = ""

    mode: Literal["sim", "live"] = Field(default="sim", description="sim: no hardware; live: a real line")
    line_file: Path = Field(default=Path("deploy/config/line.toml"), description="what the line consists of")
    data_dir: Path = Field(default=Path(".run/data"), description="folder of this service's own files")
    instance: str = Field(
        default="",
        pattern=r"^([A-Za-z0-9][A-Za-z0-9_.\-]{0,63})?$",
        description="name of this running copy, unique on the line; the service's name and -1 when not given",
    )
    mqtt_host: str = Field(default="127.0.0.1", description="address of the broker")
    mqtt_port: int = Field(default=1883, ge=1, le=65535, description="port of the broker")
    mqtt_username: str | None = Field(default=None, description="user at the broker")
    mqtt_password: SecretStr | None = Field(default=None, description="password at the broker")
    mqtt_tls: bool = Field(default=False, description="speak TLS to the broker; a CA file turns it on, too")
    mqtt_ca_file: Path | None = Field(default=None, description="who signs the broker's certificate; none: the system")
    mqtt_cert_file: Path | None = Field(default=None, description="our certificate, where the broker asks for one")
    mqtt_key_file: Path | None = Field(default=None, description="the key of our certificate")
    mqtt_keepalive_s: int = Field(default=10, ge=2, le=600, description="seconds until a silent connection is dead")
    http_host: str = Field(default="127.0.0.1", description="address of /healthz, /readyz and /metrics")
    http_port: int = Field(default=0, ge=0, le=65535, description="port of /healthz, /readyz and /metrics; 0: any")
    database_url: SecretStr | None = Field(default=None, description="postgresql://user:password@host:port/name")
    log_level: Literal["debug", "info", "warning", "error"] = Field(default="info", description="lowest level logged")
    log_format: Literal["auto", "json", "console"] = Field(default="auto", description="auto: console on a terminal")

    @model_validator(mode="before")
    @classmethod
    def _lower_level(cls, values: dict[str, Any]) -> dict[str, Any]:
        level = values.get("log_level")
        return values | {"log_level": level.lower()} if isinstance(level, str) else values

    @model_validator(mode="after")
    def _named(self) -> Self:
        if not self.instance:
            name = self.service or type(self).__name__.removesuffix("Settings").lower() or "service"
            object.__setattr__(self, "instance", f"{name}-1")
        return self

    @property
    def mqtt(self) -> MqttSettings:
        """The broker's part."""
        return MqttSettings(
            **{name: getattr(self, f"mqtt_{name}") for name in MqttSettings.model_fields if name != "tls"},
            tls=self.mqtt_tls or self.mqtt_ca_file is not None,
        )

    @property
    def journal_path(self) -> Path:
        """DATA_DIR/<instance>.sqlite."""
        return self.data_dir / f"{self.instance}.sqlite"

    def effective(self) -> dict[str, Any]:
        """All values as they are in effect, secrets masked: for the log."""
        dumped = self.model_dump(mode="json")
        return {
            name: MASK if value is not None and is_secret(type(self).model_fields[name]) else value
            for name, value in dumped.items()
        }

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - pydantic-settings passes it by name
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments first, then the environment, then files that `NAME_FILE` names."""
        return init_settings, env_settings, SecretFiles(settings_cls)


def load_settings(cls: type[S]) -> S:
    """The settings in effect. Raises ConfigError: one line with each variable, its value (no secret's), the reason."""
    try:
        return cls()
    except ValidationError as error:
        raise ConfigError("; ".join(_mistake(cls, detail) for detail in error.errors(include_url=False))) from None
    except SettingsError as error:
        raise ConfigError(str(error).replace("\n", " ")) from None


def _mistake(cls: type[Settings], detail: Any) -> str:
    if not detail["loc"]:
        return str(detail["msg"]).removeprefix("Value error, ")
    name = str(detail["loc"][0])
    variable = name.upper()
    if detail["type"] == "missing":
        return f"{variable} is not set"
    field = cls.model_fields.get(name)
    shown = MASK if field is None or is_secret(field) else json.dumps(detail["input"], default=str)
    return f"{variable}={shown}: {detail['msg']}"
