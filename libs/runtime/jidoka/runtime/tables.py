"""`line.toml`: read once, and every mistake named by file, key, value and reason."""

import hashlib
import tomllib
from pathlib import Path
from typing import Any, TypeVar, get_origin

from pydantic import BaseModel, TypeAdapter, ValidationError

from jidoka.runtime.errors import ConfigError
from jidoka.schemas import Scope
from jidoka.schemas.types import Name

T = TypeVar("T")
_SHOWN = 80


class _Place(BaseModel):
    site: Name
    line: Name


def load_toml(path: str | Path) -> tuple[dict[str, Any], str]:
    """The tables of a TOML file and the sha256 of its bytes. Raises ConfigError."""
    try:
        raw = Path(path).read_bytes()
        return tomllib.loads(raw.decode()), hashlib.sha256(raw).hexdigest()
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: is not UTF-8 at byte {error.start}") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: is not TOML: {error}") from error


def section(model: type[T], data: dict[str, Any], key: str, path: str | Path = "line.toml") -> T:
    """The table (or array of tables, for `list[Model]`) at a dotted key, checked by a pydantic model.

    What is absent counts as empty, so a model of defaults needs no table. Raises ConfigError that names file, key,
    value and reason of the first mistake.
    """
    value: Any = data
    for level in key.split("."):
        value = value.get(level) if isinstance(value, dict) else None
    if value is None:
        value = [] if get_origin(model) is list else {}
    return _checked(model, value, key, path)


def line_scope(data: dict[str, Any], path: str | Path = "line.toml") -> Scope:
    """The site and line that the file is about. Raises ConfigError."""
    place = _checked(_Place, {key: data[key] for key in ("site", "line") if key in data}, "", path)
    return Scope(place.site, place.line)


def _checked(model: type[T], value: Any, key: str, path: str | Path) -> T:
    try:
        return TypeAdapter(model).validate_python(value)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = _where(key, first["loc"])
        if first["type"] == "missing":
            raise ConfigError(f"{path}: {where} is missing") from error
        given = repr(first["input"])
        shown = given if len(given) <= _SHOWN else f"{given[:_SHOWN]}..."
        raise ConfigError(f"{path}: {where} = {shown}: {first['msg']}") from error


def _where(key: str, location: tuple[int | str, ...]) -> str:
    where = key
    for level in location:
        where += f"[{level}]" if isinstance(level, int) else f".{level}" if where else level
    return where
