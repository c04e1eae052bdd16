"""The line, its stations, devices, services, and the figures."""

from datetime import datetime

from pydantic import Field

from jidoka.api.models.base import Answer
from jidoka.api.models.parts import Part
from jidoka.schemas import DeviceKind


class StationSetup(Answer):
    """A station as it is configured."""

    name: str = Field(examples=["AOI1"])
    plc: str = Field(examples=["plc1"])
    cameras: list[str] = Field(examples=[["top"]])


class Line(Answer):
    """What this API serves."""

    site: str = Field(examples=["demo"])
    line: str = Field(examples=["line1"])
    mode: str = Field(examples=["sim"])
    timezone: str = Field(examples=["Europe/Berlin"])
    stations: list[StationSetup]


class Counts(Answer):
    """Parts by result since the start of the day in the plant's time zone."""

    passed: int = Field(serialization_alias="pass", validation_alias="pass")
    fail: int
    held: int


class Device(Answer):
    """A controller or camera, by its newest status."""

    kind: DeviceKind
    name: str
    online: bool
    reason: str | None = None
    station: str | None = None
    source: str
    at: datetime


class Service(Answer):
    """A service, by its newest status."""

    service: str
    instance: str
    online: bool
    version: str
    at: datetime


class Station(StationSetup):
    """A station now."""

    counts: Counts
    last_part: Part | None = None
    devices: list[Device]


class ParetoEntry(Answer):
    """How often one class was found; defects a person called false are left out."""

    defect_class: str
    defects: int
    parts: int
    share: float = Field(description="of all defects in the range")


class CycleTime(Answer):
    """Milliseconds."""

    mean: float | None = None
    p50: float | None = None
    p95: float | None = None


class Kpis(Answer):
    """Figures by ISO 22400-2; a ratio without a denominator is null."""

    start: datetime
    end: datetime
    station: str | None = None
    produced: int = Field(description="parts decided (PQ)")
    good: int = Field(description="passed (GQ)")
    rejected: int
    held: int
    undecided: int = Field(description="arrived in the range and not decided yet")
    missed: int = Field(description="counted by the controller, never read")
    reinspected: int = Field(description="visits of a serial after its first at that station in the range")
    quality_ratio: float | None = Field(default=None, description="good / produced")
    first_pass_yield: float | None = Field(default=None, description="good first visits / first visits")
    ppm: float | None = Field(default=None, description="1,000,000 x rejected / produced")
    defect_rate: float | None = Field(default=None, description="rejected / (good + rejected)")
    false_calls: int = Field(description="rejected parts that a person called false")
    cycle_time_ms: CycleTime
    pareto: list[ParetoEntry]
