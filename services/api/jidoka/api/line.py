"""The parts of `line.toml` that the API shows."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, Field

from jidoka.runtime.errors import ConfigError
from jidoka.runtime.settings import line_scope, load_toml, section
from jidoka.schemas import Scope
from jidoka.schemas.types import Name


class CameraTable(BaseModel):
    """A `[[station.camera]]` table."""

    name: Name


class StationTable(BaseModel):
    """A `[[station]]` table."""

    name: Name
    plc: Name
    camera: list[CameraTable] = Field(default_factory=list)


@dataclass(frozen=True, slots=True)
class LineFile:
    """The line as it is configured."""

    scope: Scope
    zone: ZoneInfo
    stations: tuple[StationTable, ...]

    @property
    def name(self) -> str:
        """`site/line`, as in a user's list of lines."""
        return f"{self.scope.site}/{self.scope.line}"

    def day_start(self, now: datetime) -> datetime:
        """Midnight in the plant's time zone."""
        return now.astimezone(self.zone).replace(hour=0, minute=0, second=0, microsecond=0)


def load_line(path: Path) -> LineFile:
    """Raises ConfigError that names the file and what is wrong in it."""
    data, _ = load_toml(path)
    zone = data.get("timezone", "UTC")
    try:
        timezone = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, TypeError) as error:
        raise ConfigError(f"{path}: timezone: {zone!r} is not a time zone") from error
    stations = section(list[StationTable], data, "station", path)
    return LineFile(line_scope(data, path), timezone, tuple(stations))
