"""The line, its stations, devices, services, live images, and the figures."""

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path

from jidoka.api.context import Api, Context
from jidoka.api.models.line import Counts, Device, Line, Queue, Service, Station, StationNow, StationSetup
from jidoka.api.people.access import Viewer
from jidoka.api.problems import NotFound, describe
from jidoka.api.queries import parts
from jidoka.schemas.types import Name

router = APIRouter(tags=["line"])
RECENT = 20


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
    return [Station.model_validate(_station(api, setup, counts, newest.get(setup.name, []))) for setup in setups]


@router.get("/stations/{station}", responses=describe(404))
async def get_station(api: Api, _person: Viewer, station: Annotated[Name, Path(examples=["AOI1"])]) -> StationNow:
    """A station now, with its last verdicts."""
    setup = next((one for one in _setups(api) if one.name == station), None)
    if setup is None:
        raise NotFound("station")
    async with api.database.reading() as connection:
        counts = await parts.counts(connection, api.line.day_start(datetime.now(UTC)))
        newest = (await parts.newest_of(connection, [station], RECENT)).get(station, [])
    return StationNow.model_validate({**_station(api, setup, counts, newest[:1]), "recent": newest})


@router.get("/devices")
async def list_devices(api: Api, _person: Viewer) -> list[Device]:
    """Controllers and cameras, by their newest status."""
    return [Device.model_validate(device) for device in _devices(api)]


@router.get("/services")
async def list_services(api: Api, _person: Viewer) -> list[Service]:
    """Services, by their newest status."""
    found = sorted(api.hub.picture.services.items())
    return [Service.model_validate(service) for _, service in found]


@router.get("/queues")
async def list_queues(api: Api, _person: Viewer) -> list[Queue]:
    """How many records of each publisher wait for the database."""
    return [Queue.model_validate(queue) for _, queue in sorted(api.hub.picture.queues.items())]


def _station(
    api: Context, setup: StationSetup, counts: dict[str, dict[str, int]], newest: list[dict[str, Any]]
) -> dict[str, Any]:
    return {
        **setup.model_dump(),
        "counts": Counts.model_validate({"pass": 0, "fail": 0, "held": 0} | counts.get(setup.name, {})),
        "last_part": newest[0] if newest else None,
        "devices": [device for device in _devices(api) if _belongs(device, setup)],
    }


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
