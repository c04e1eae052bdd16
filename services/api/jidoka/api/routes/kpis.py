"""Figures: of one span, and step by step."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import Field

from jidoka.api.context import Api, Context
from jidoka.api.figures import ratios
from jidoka.api.figures.gather import gather, split
from jidoka.api.figures.spans import Step, Unit, steps, whole
from jidoka.api.figures.sums import Sums
from jidoka.api.models.kpis import Kpis, KpiSeries, KpiStep
from jidoka.api.people.access import Viewer
from jidoka.api.problems import Problem, describe
from jidoka.api.queries import kpis as queries
from jidoka.api.routes.filters import Span
from jidoka.schemas.types import Name

router = APIRouter(tags=["line"])
LONGEST = timedelta(days=100)
LONGEST_SERIES = {Unit.HOUR: timedelta(days=32), Unit.SHIFT: timedelta(days=100)}
LONGEST_OTHER_SERIES = timedelta(days=800)
PARTS_WITHIN = timedelta(days=3)
CLASSES = 100


class KpiSpan(Span):
    """Since midnight at the plant when nothing is said; at most 100 days."""

    station: Name | None = None


class KpiSeriesSpan(KpiSpan):
    """Since midnight at the plant when nothing is said."""

    unit: Unit = Field(default=Unit.HOUR, description="hours: at most 32 days; shifts: 100; others: 800")


@router.get("/kpis", responses=describe(400))
async def get_kpis(api: Api, person: Viewer, span: Annotated[KpiSpan, Query()]) -> Kpis:
    """Figures by ISO 22400-2 of the parts that arrived in the time."""
    start, end = _ends(api, span, LONGEST)
    key = ("kpis", person.role, span.start, span.end, span.station)
    return await api.answers.get(Kpis, key, lambda: _kpis(api, start, end, span.station))


@router.get("/kpis/series", responses=describe(400))
async def get_kpi_series(api: Api, person: Viewer, span: Annotated[KpiSeriesSpan, Query()]) -> KpiSeries:
    """Figures by hour, shift, day, week or month of the plant's local time; steps without parts are in it, too."""
    start, end = _ends(api, span, LONGEST_SERIES.get(span.unit, LONGEST_OTHER_SERIES))
    if span.unit is Unit.SHIFT and not api.line.shifts:
        raise Problem(400, "query.unit: no shifts are configured")
    key = ("series", person.role, span.unit, span.start, span.end, span.station)
    return await api.answers.get(KpiSeries, key, lambda: _series(api, span.unit, start, end, span.station))


def _ends(api: Context, span: Span, longest: timedelta) -> tuple[datetime, datetime]:
    now = datetime.now(UTC)
    end = span.end or now
    start = span.start or min(api.line.day_start(now), end)
    if not timedelta() <= end - start <= longest:
        raise Problem(400, f"query.from is not within {longest.days} days before query.to")
    return start, end


async def _kpis(api: Context, start: datetime, end: datetime, station: str | None) -> Kpis:
    step = whole(start, end, api.line.zone, api.line.shifts)
    now = datetime.now(UTC)
    async with api.database.reading() as connection:
        (sums,) = await gather(connection, [step], station, now, busy=_target(api, station) is not None)
        found = await queries.defects(connection, *split([step], now), station)
        parts = await queries.defect_parts(connection, start, end, station) if end - start <= PARTS_WITHIN else None
    span = {"start": start, "end": end, "station": station}
    more = {"pareto": _pareto(found, parts), "cycle_histogram": ratios.histogram(sums)}
    return Kpis.model_validate({**_figures(api, sums, step, station), **span, **more})


async def _series(api: Context, unit: Unit, start: datetime, end: datetime, station: str | None) -> KpiSeries:
    made = steps(unit, start, end, api.line.zone, api.line.shifts)
    async with api.database.reading() as connection:
        sums = await gather(connection, made, station, datetime.now(UTC), busy=_target(api, station) is not None)
    entries = [
        KpiStep.model_validate(
            {**_figures(api, one, step, station), "start": step.low, "end": step.high, "shift": step.shift}
        )
        for one, step in zip(sums, made, strict=True)
    ]
    return KpiSeries(unit=unit, timezone=api.line.zone.key, station=station, steps=entries)


def _figures(api: Context, sums: Sums, step: Step, station: str | None) -> dict[str, Any]:
    figures: dict[str, Any] = {**ratios.counts(sums), **ratios.ratios(sums)}
    return figures | {
        "cycle_time_ms": ratios.cycle_time(sums),
        "oee": ratios.oee(sums, step, _target(api, station)),
    }


def _target(api: Context, station: str | None) -> float | None:
    """The planned cycle of a station, or of the line's only one."""
    name = api.line.stations[0].name if station is None and len(api.line.stations) == 1 else station
    return api.line.targets.get(name) if name is not None else None


def _pareto(found: list[dict[str, Any]], parts: Mapping[str, int] | None) -> list[dict[str, Any]]:
    counted: dict[str, int] = {}
    for entry in found:
        counted[entry["defect_class"]] = counted.get(entry["defect_class"], 0) + int(entry["defects"])
    total, reached, pareto = sum(counted.values()), 0, []
    for name, defects in sorted(counted.items(), key=lambda one: (-one[1], one[0])):
        if not defects:
            continue
        reached += defects
        known = None if parts is None else parts.get(name, 0)
        shares = {"share": defects / total, "running_share": reached / total}
        pareto.append({"defect_class": name, "defects": defects, "parts": known, **shares})
    return pareto[:CLASSES]
