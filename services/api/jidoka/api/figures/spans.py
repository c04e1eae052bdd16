"""Steps of the plant's local calendar: hours, shifts, days, weeks, months; days of 23 and 25 hours are one day."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum
from itertools import pairwise

from jidoka.api.line import ShiftTable

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


class Unit(StrEnum):
    """Length of a step."""

    HOUR = "hour"
    SHIFT = "shift"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Step:
    """One step, cut to the span asked for: [low, high), UTC. `planned_s` is its planned busy time, if configured."""

    low: datetime
    high: datetime
    shift: str | None = None
    planned_s: float | None = None


@dataclass(frozen=True, slots=True)
class Shift:
    """One shift of one day, [begins, ends), UTC."""

    table: ShiftTable
    begins: datetime
    ends: datetime
    weekday: int

    def planned_s(self, low: datetime, high: datetime) -> float:
        """Planned seconds of the part between two times: breaks are taken as spread evenly over the shift."""
        shared = (min(high, self.ends) - max(low, self.begins)).total_seconds()
        if shared <= 0 or not self.table.works(self.weekday):
            return 0.0
        length = (self.ends - self.begins).total_seconds()
        planned = length if self.table.planned_minutes is None else self.table.planned_minutes * 60
        return shared / length * planned


def steps(unit: Unit, low: datetime, high: datetime, zone: tzinfo, shifts: Sequence[ShiftTable]) -> list[Step]:
    """The steps that [low, high) touches, in order, the first and last cut to it."""
    if unit is Unit.SHIFT:
        return [
            Step(max(one.begins, low), min(one.ends, high), one.table.name, one.planned_s(low, high))
            for one in shift_times(low, high, zone, shifts)
        ]
    bounds = list(_bounds(unit, low, high, zone))
    return [whole(max(a, low), min(b, high), zone, shifts) for a, b in pairwise(bounds)]


def whole(low: datetime, high: datetime, zone: tzinfo, shifts: Sequence[ShiftTable]) -> Step:
    """The span as one step."""
    times = shift_times(low, high, zone, shifts)
    return Step(low, high, None, sum(one.planned_s(low, high) for one in times) if shifts else None)


def shift_times(low: datetime, high: datetime, zone: tzinfo, shifts: Sequence[ShiftTable]) -> list[Shift]:
    """The shifts that [low, high) touches, in order; each lasts until the next one starts."""
    if not shifts:
        return []
    day, last = low.astimezone(zone).date() - DAY, high.astimezone(zone).date() + 2 * DAY
    starts: list[tuple[datetime, int, ShiftTable]] = []
    while day <= last:
        at = [datetime.combine(day, table.start, zone).astimezone(UTC) for table in shifts]
        starts += [(begins, day.weekday(), table) for begins, table in zip(at, shifts, strict=True)]
        day += DAY
    starts.sort(key=lambda start: start[0])
    made = [Shift(table, begins, ends, weekday) for (begins, weekday, table), (ends, _, _) in pairwise(starts)]
    return [one for one in made if one.ends > low and one.begins < high and one.ends > one.begins]


def _bounds(unit: Unit, low: datetime, high: datetime, zone: tzinfo) -> Iterator[datetime]:
    """Starts of steps from the one that holds `low` up to the first that is not before `high`."""
    local = low.astimezone(zone).replace(minute=0, second=0, microsecond=0)
    if unit is not Unit.HOUR:
        local = local.replace(hour=0, fold=0)
    if unit is Unit.WEEK:
        local -= local.weekday() * DAY
    if unit is Unit.MONTH:
        local = local.replace(day=1)
    at = local.astimezone(UTC)
    yield at
    while at < high:
        if unit is Unit.HOUR:
            at += timedelta(hours=1)
        else:
            local = _next(unit, local)
            at = local.astimezone(UTC)
        yield at


def _next(unit: Unit, local: datetime) -> datetime:
    # wall-clock arithmetic: midnight to midnight, however long that is
    if unit is Unit.MONTH:
        return (local.replace(day=28) + 4 * DAY).replace(day=1)
    return local + (7 * DAY if unit is Unit.WEEK else DAY)
