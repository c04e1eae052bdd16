"""Keeps the picture true to the database: what the bus did not bring here is taken over from the record."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

from jidoka.api.database import Connection, Database
from jidoka.api.line import LineFile
from jidoka.api.live.events import Event
from jidoka.api.live.hub import Hub
from jidoka.api.live.picture import SHOWN, SHOWN_OF_STATION, Picture
from jidoka.api.models.inspections import Inspection
from jidoka.api.models.parts import Part
from jidoka.api.problems import Problem
from jidoka.api.queries import inspections as inspection_queries
from jidoka.api.queries import parts as part_queries
from jidoka.runtime.bus import Bus
from jidoka.schemas import Role

EVERY_S, QUEUES_S = 10.0, 5.0
# A part is counted by the database once it is surely decided and stored; until then from memory.
SETTLED = timedelta(seconds=60)


async def keep_true(hub: Hub, database: Database, bus: Bus, line: LineFile) -> None:
    """Every few seconds, and at once when broker or database come back; until cancelled."""
    due = queues_due = 0.0
    loop = asyncio.get_running_loop()
    while True:
        returned = hub.picture.link("broker", bus.connected) + hub.picture.link("database", database.error is None)
        hub.tell(returned)
        if loop.time() >= queues_due:
            queues_due = loop.time() + QUEUES_S
            hub.tell(hub.picture.queued(hub.queues.taken()))
        if database.error is None and (returned or loop.time() >= due):
            due = loop.time() + EVERY_S
            try:
                await _reconcile(hub, database, line)
            except Problem:
                due = 0.0
        await asyncio.sleep(0.5)


async def _reconcile(hub: Hub, database: Database, line: LineFile) -> None:
    now = datetime.now(UTC)
    since, until = line.day_start(now), now - SETTLED
    async with database.reading() as connection:
        counted = await part_queries.counts(connection, since, until) if until > since else {}
        parts = await _parts(connection, line, max(until, since))
        inspections = await _inspections(connection)
    hub.tell(_changes(hub.picture, parts, inspections))
    hub.tell(hub.picture.recount(counted, since, until))


def _changes(picture: Picture, parts: list[dict[str, Any]], inspections: list[dict[str, Any]]) -> list[Event]:
    events = [event for part in reversed(parts) for event in picture.part({**part, "stored": True})]
    return events + [event for one in reversed(inspections) for event in picture.inspection(one)]


async def _parts(connection: Connection, line: LineFile, start: datetime) -> list[dict[str, Any]]:
    """The newest parts, each station's last ones, and in any case those that the database has not counted yet."""
    newest = await part_queries.listed(connection, {"limit": SHOWN})
    stations = [table.name for table in line.stations]
    of_stations = await part_queries.newest_of(connection, stations, SHOWN_OF_STATION)
    recent = await part_queries.listed(connection, {"limit": 900, "start": start})
    found = {part["id"]: part for parts in (newest, recent, *of_stations.values()) for part in parts}
    ordered = sorted(found.values(), key=lambda part: (part["created_at"], part["id"]), reverse=True)
    return [Part.model_validate(part).model_dump(mode="json") for part in ordered]


async def _inspections(connection: Connection) -> list[dict[str, Any]]:
    newest = await inspection_queries.listed(connection, {"limit": SHOWN, "role": Role.LIVE.value})
    whole = await inspection_queries.with_defects(connection, newest)
    return [Inspection.model_validate(one).model_dump(mode="json") for one in whole]
