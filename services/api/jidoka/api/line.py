"""The parts of `line.toml` that the API shows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field

from jidoka.runtime.errors import ConfigError
from jidoka.runtime.settings import line_scope, load_toml, section
from jidoka.schemas import Scope
from jidoka.schemas.types import Name

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class CameraTable(BaseModel):
    """A `[[station.camera]]` table."""

    name: Name


class StationTable(BaseModel):
    """A `[[station]]` table."""

    name: Name
    plc: Name
    camera: list[CameraTable] = Field(default_factory=list)


class ShiftTable(BaseModel):
    """A `[[shift]]` table: it lasts until the next one starts. Its days are those on which it begins."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Name
    start: time = Field(description="local time at the plant")
    planned_minutes: float | None = Field(default=None, gt=0, le=24 * 60, description="without breaks; none: all of it")
    days: frozenset[Literal[WEEKDAYS]] = frozenset(WEEKDAYS)  # type: ignore[valid-type]

    def works(self, weekday: int) -> bool:
        """Whether it is planned on a weekday, Monday is 0."""
        return WEEKDAYS[weekday] in self.days


class TargetTable(BaseModel):
    """A `[[target]]` table: the planned run time per item of a station (PRI)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    station: Name
    cycle_ms: float = Field(gt=0, le=86_400_000)


@dataclass(frozen=True, slots=True)
class LineFile:
    """The line as it is configured."""

    scope: Scope
    zone: ZoneInfo
    stations: tuple[StationTable, ...]
    shifts: tuple[ShiftTable, ...] = ()
    targets: Mapping[str, float] = field(default_factory=dict)

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
    shifts = section(list[ShiftTable], data, "shift", path)
    if len({table.start for table in shifts}) < len(shifts):
        raise ConfigError(f"{path}: shift: two shifts start at the same time")
    targets = {table.station: table.cycle_ms for table in section(list[TargetTable], data, "target", path)}
    unknown = sorted(targets.keys() - {table.name for table in stations})
    if unknown:
        raise ConfigError(f"{path}: target.station = {unknown[0]!r}: there is no such station")
    return LineFile(line_scope(data, path), timezone, tuple(stations), tuple(shifts), targets)
