"""Figures."""

from datetime import datetime

from pydantic import Field

from jidoka.api.figures.spans import Unit
from jidoka.api.models.base import Answer


class ParetoEntry(Answer):
    """How often one class was found; defects a person called false are left out."""

    defect_class: str = Field(examples=["mousebite"])
    defects: int
    parts: int | None = Field(default=None, description="parts that had it; null for spans of more than three days")
    share: float = Field(description="of all defects in the range")
    running_share: float = Field(description="of this class and all that were found more often")


class CycleTime(Answer):
    """Milliseconds; percentiles are interpolated in a histogram whose classes are 25 % wide."""

    mean: float | None = None
    p50: float | None = None
    p95: float | None = None


class CycleClass(Answer):
    """One class of the histogram of cycle times."""

    above_ms: float
    upto_ms: float
    parts: int


class Oee(Answer):
    """Overall equipment effectiveness; factors above 1 are shown as they are, `plausible` is false then."""

    planned_s: float = Field(description="planned busy time of the shifts (PBT)")
    busy_s: float = Field(description="time with parts, minute by minute (APT)")
    availability: float | None = Field(default=None, description="APT / PBT")
    effectiveness: float | None = Field(default=None, description="planned cycle (PRI) x PQ / APT")
    quality: float | None = Field(default=None, description="GQ / PQ")
    oee: float | None = Field(default=None, description="availability x effectiveness x quality")
    plausible: bool


class Figures(Answer):
    """Figures of one span by ISO 22400-2; a ratio without a denominator is null."""

    produced: int = Field(description="parts decided (PQ)")
    good: int = Field(description="passed (GQ)")
    rejected: int
    held: int
    undecided: int = Field(description="arrived in the range and not decided yet")
    missed: int = Field(description="counted by the controller, never read")
    reinspected: int = Field(description="visits of a serial after its first at that station")
    bypassed: int = Field(description="went through while the station was in bypass")
    quality_ratio: float | None = Field(default=None, description="good / produced")
    first_pass_yield: float | None = Field(default=None, description="good first visits / first visits")
    corrected_yield: float | None = Field(default=None, description="(good + false calls - escaped) / produced")
    ppm: float | None = Field(default=None, description="1,000,000 x rejected / produced")
    defect_rate: float | None = Field(default=None, description="rejected / (good + rejected)")
    false_calls: int = Field(description="parts that a person called falsely rejected")
    escaped: int = Field(description="parts whose defect a person found and the line missed")
    rework: int
    scrap: int
    cycle_time_ms: CycleTime
    oee: Oee | None = Field(default=None, description="where shifts and the station's target cycle are configured")


class Kpis(Figures):
    """Figures of the span asked for."""

    start: datetime
    end: datetime
    station: str | None = None
    pareto: list[ParetoEntry]
    cycle_histogram: list[CycleClass]


class KpiStep(Figures):
    """Figures of one step of a series, which the ends of the series may have cut."""

    start: datetime
    end: datetime
    shift: str | None = Field(default=None, examples=["early"])


class KpiSeries(Answer):
    """Figures step by step in the plant's local time."""

    unit: Unit
    timezone: str = Field(examples=["Europe/Berlin"])
    station: str | None = None
    steps: list[KpiStep]
