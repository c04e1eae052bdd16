"""The line, its stations, devices, services, live images, and the figures."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query

from jidoka.api.context import Api, Context
from jidoka.api.models.line import Counts, Device, Kpis, Line, Service, Station, StationSetup
from jidoka.api.people.access import Viewer
from jidoka.api.problems import Problem, describe
from jidoka.api.queries import kpis, parts
from jidoka.api.routes.filters import Span
from jidoka.schemas.types import Name

router = APIRouter(tags=["line"])
LONGEST = timedelta(days=100)


class KpiSpan(Span):
    """Since midnight at the plant when nothing is said; at most 100 days."""

    station: Name | None = None


@router.get("/line")
async def get_line(api: Api, _person: Viewer) -> Line:
    """What this API serves."""
    scope = api.line.scope
    return Line(
        site=scope.site, line=scope.line, mode=api.settings.mode, timezone=api.line.zone.key, stations=_setups(api)
    )


@router.get("/stations")
async def list_stations(api: Api, _person: Viewer) -> list[Station]:
    """Each station with today's counts, its newest part and its devices."""
    setups = _setups(api)
    async with api.database.reading() as connection:
        counts = await parts.counts(connection, api.line.day_start(datetime.now(UTC)))
        newest = await parts.newest_of(connection, [setup.name for setup in setups])
    return [
        Station.model_validate(
            {
                **setup.model_dump(),
                "counts": Counts.model_validate({"pass": 0, "fail": 0, "held": 0} | counts.get(setup.name, {})),
                "last_part": newest.get(setup.name),
                "devices": [device for device in _devices(api) if _belongs(device, setup)],
            }
        )
        for setup in setups
    ]


@router.get("/devices")
async def list_devices(api: Api, _person: Viewer) -> list[Device]:
    """Controllers and cameras, by their newest status."""
    return [Device.model_validate(device) for device in _devices(api)]


@router.get("/services")
async def list_services(api: Api, _person: Viewer) -> list[Service]:
    """Services, by their newest status."""
    found = sorted(api.hub.picture.services.items())
    return [Service.model_validate(service) for _, service in found]


@router.get("/kpis", responses=describe(400))
async def get_kpis(api: Api, _person: Viewer, span: Annotated[KpiSpan, Query()]) -> Kpis:
    """Figures by ISO 22400-2 of the parts that arrived in the time."""
    now = datetime.now(UTC)
    end = span.end or now
    start = span.start or min(api.line.day_start(now), end)
    if not timedelta() <= end - start <= LONGEST:
        raise Problem(400, f"query.from is not within {LONGEST.days} days before query.to")
    key = ("kpis", span.start, span.end, span.station)
    return await api.answers.get(key, lambda: _kpis(api, start, end, span.station))


async def _kpis(api: Context, start: datetime, end: datetime, station: str | None) -> Kpis:
    async with api.database.reading() as connection:
        made = await kpis.production(connection, start, end, station)
        pareto = await kpis.pareto(connection, start, end, station)
    ratios = {
        "quality_ratio": _ratio(made["good"], made["produced"]),
        "first_pass_yield": _ratio(made["first_good"], made["first_visits"]),
        "ppm": _ratio(made["rejected"] * 1_000_000, made["produced"]),
        "defect_rate": _ratio(made["rejected"], made["good"] + made["rejected"]),
    }
    times = {"cycle_time_ms": {name: made[name] for name in ("mean", "p50", "p95")}}
    span = {"start": start, "end": end, "station": station}
    return Kpis.model_validate({**made, **ratios, **times, **span, "pareto": pareto})


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _setups(api: Context) -> list[StationSetup]:
    return [
        StationSetup(name=table.name, plc=table.plc, cameras=[camera.name for camera in table.camera])
        for table in api.line.stations
    ]


def _devices(api: Context) -> list[dict[str, Any]]:
    return [device for _, device in sorted(api.hub.picture.devices.items())]


def _belongs(device: dict[str, Any], setup: StationSetup) -> bool:
    if device["kind"] == "plc":
        return bool(device["name"] == setup.plc)
    return bool(device["station"] == setup.name) or (device["station"] is None and device["name"] in setup.cameras)
