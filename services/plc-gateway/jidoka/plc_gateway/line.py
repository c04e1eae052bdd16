"""The tables of line.toml that the PLC gateway uses: plc, station, alarm."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from jidoka.plc_gateway.deadband import Band
from jidoka.runtime.errors import ConfigError
from jidoka.runtime.settings import section
from jidoka.schemas import Scalar, Severity
from jidoka.schemas.types import Name

TagPath = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_.:,\[\]]{0,150}(\{[1-9][0-9]{0,4}\})?$")]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Tag(_Table):
    """One tag with more than its name: `{ name = "Process.Temperature", type = "REAL", deadband = 0.1 }`."""

    name: TagPath
    type: str | None = Field(default=None, description="as the controller calls it; checked when given")
    deadband: float | None = Field(default=None, ge=0, description="send only when it moved by more, in its own unit")
    deadband_percent: float | None = Field(default=None, ge=0, le=100, description="the same, of the value last sent")
    range: tuple[float, float] | None = Field(
        default=None, description="lowest and highest value that it can have; outside of it the value is uncertain"
    )

    @field_validator("range")
    @classmethod
    def _has_a_width(cls, range: tuple[float, float] | None) -> tuple[float, float] | None:
        if range is not None and not range[0] < range[1]:
            raise ValueError("the first number must be below the second")
        return range

    def band(self) -> Band | None:
        """Its dead band, if it has one."""
        if self.deadband is None and self.deadband_percent is None:
            return None
        return Band(self.deadband or 0.0, self.deadband_percent or 0.0)


def _named(tag: object) -> object:
    return {"name": tag} if isinstance(tag, str) else tag


class Group(_Table):
    """Tags that are read together on a fixed grid."""

    name: Name
    period_ms: int = Field(default=100, ge=10, le=600_000)
    on_change: bool = Field(default=False, description="send every tag of the group only when it changed")
    heartbeat_ms: int = Field(default=10_000, ge=100, description="send an unchanged value again after this time")
    tags: Annotated[list[Annotated[Tag, BeforeValidator(_named)]], Field(min_length=1, max_length=5000)]


class Plc(_Table):
    """One Logix controller."""

    name: Name
    host: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9.\-]*(:[0-9]{1,5})?$")]
    slot: int = Field(default=0, ge=0, le=63)
    connect_timeout_ms: int = Field(default=5000, ge=100, le=60_000)
    request_timeout_ms: int = Field(default=1000, ge=50, le=1000, description="a reply later than this is no reply")
    part_poll_ms: int = Field(default=50, ge=5, le=1000, description="how often the part counters are looked at")
    heartbeat: TagPath = Field(default="Heartbeat", description="tag with the members Plc and Gateway")
    group: list[Group] = []

    def mistake(self, key: str, reason: object) -> str:
        """One line about a setting of this PLC that turned out wrong."""
        return f"plc {self.name}: {key} = {getattr(self, key)!r}: {reason}"


class Camera(BaseModel):
    """What a verdict is expected from; the rest of this table belongs to the vision gateway."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    name: Name
    required: bool = True
    capture_timeout_ms: int = Field(default=3000, ge=1)


class Station(_Table):
    """One inspection station of a PLC."""

    name: Name
    plc: Name
    tag: TagPath = Field(description="the station's structure in the controller")
    deadline_ms: int = Field(default=4000, ge=50, le=3_600_000, description="a part without a verdict by then is held")
    line_stop_after: int = Field(default=0, ge=0, description="rejects in a row that stop the line; 0 is never")
    challenge: tuple[str, ...] = Field(default=(), description="serials of parts known to be bad, as shell patterns")
    camera: Annotated[list[Camera], Field(min_length=1)]


class AlarmRule(_Table):
    """A condition on one tag that some group scans."""

    code: Name
    tag: TagPath
    plc: Name | None = Field(default=None, description="when several controllers have the tag")
    op: Literal[">", ">=", "<", "<=", "==", "!="] = "=="
    value: Scalar
    hysteresis: float = Field(default=0.0, ge=0)
    on_delay_ms: int = Field(default=0, ge=0)
    off_delay_ms: int = Field(default=0, ge=0)
    severity: Severity = Severity.MEDIUM
    message: str = Field(max_length=400, description="may hold {value}, {limit} and {tag}")
    station: Name | None = None

    @model_validator(mode="after")
    def _sensible(self) -> Self:
        if self.hysteresis and (isinstance(self.value, bool | str) or self.op in ("==", "!=")):
            raise ValueError("hysteresis needs a number and one of > >= < <=")
        try:
            self.text(self.value)
        except (KeyError, IndexError, ValueError) as error:
            raise ValueError(f"message: only {{value}}, {{limit}} and {{tag}} can be filled in: {error!r}") from error
        return self

    def text(self, value: Scalar) -> str:
        """The message with its values."""
        return self.message.format(value=value, limit=self.value, tag=self.tag)


@dataclass(frozen=True, slots=True)
class Line:
    """The whole file, as far as this service reads it."""

    plcs: tuple[Plc, ...]
    stations: tuple[Station, ...]
    rules: tuple[AlarmRule, ...]
    path: str

    def stations_of(self, plc: str) -> list[Station]:
        """The stations whose parts this PLC counts."""
        return [station for station in self.stations if station.plc == plc]

    def rules_of(self, plc: Plc) -> list[AlarmRule]:
        """The alarm rules on tags of this PLC."""
        return [rule for rule in self.rules if scans(plc, rule)]


def read(data: dict[str, Any], path: str | Path) -> Line:
    """The tables of a parsed line.toml. Raises ConfigError that names file, key, value and reason."""
    line = Line(
        tuple(section(list[Plc], data, "plc", path)),
        tuple(section(list[Station], data, "station", path)),
        tuple(section(list[AlarmRule], data, "alarm", path)),
        str(path),
    )
    for mistake in _mistakes(line):
        raise ConfigError(f"{path}: {mistake}")
    return line


def scans(plc: Plc, rule: AlarmRule) -> bool:
    """Whether the rule's tag, or an array or structure that holds it, is in a group of this PLC."""
    if rule.plc not in (None, plc.name):
        return False
    names = (tag.name.partition("{")[0] for group in plc.group for tag in group.tags)
    return any(rule.tag == name or rule.tag.startswith((f"{name}.", f"{name}[")) for name in names)


def _mistakes(line: Line) -> Iterator[str]:
    if not line.plcs:
        yield "plc is missing: name at least one controller"
    yield from _twice("plc", [plc.name for plc in line.plcs])
    yield from _twice("station", [station.name for station in line.stations])
    yield from _twice("alarm", [rule.code for rule in line.rules], "code")
    known = {plc.name for plc in line.plcs}
    for index, plc in enumerate(line.plcs):
        yield from _twice(f"plc[{index}].group", [group.name for group in plc.group])
        if not plc.group and not line.stations_of(plc.name):
            yield f"plc[{index}] = {plc.name!r}: it has neither a group nor a station"
    for index, station in enumerate(line.stations):
        yield from _station_mistakes(f"station[{index}]", station, known)
    for index, rule in enumerate(line.rules):
        if not any(scans(plc, rule) for plc in line.plcs):
            yield f"alarm[{index}].tag = {rule.tag!r}: no group of a controller reads it"


def _station_mistakes(where: str, station: Station, known: set[str]) -> Iterator[str]:
    yield from _twice(f"{where}.camera", [camera.name for camera in station.camera])
    if station.plc not in known:
        yield f"{where}.plc = {station.plc!r}: there is no such controller, only {', '.join(sorted(known))}"
    if not any(camera.required for camera in station.camera):
        yield f"{where}.camera: none is required, so every part would be accepted unseen"
    for camera in station.camera:
        if camera.capture_timeout_ms >= station.deadline_ms:
            yield (
                f"{where}.deadline_ms = {station.deadline_ms}: must be above the capture_timeout_ms of camera "
                f"{camera.name}, which is {camera.capture_timeout_ms}"
            )


def _twice(where: str, names: Sequence[str], key: str = "name") -> Iterator[str]:
    for index, name in enumerate(names):
        if name in names[:index]:
            yield f"{where}[{index}].{key} = {name!r}: another one has it already"
