"""Alarms and their events."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.rows import DictRow

from jidoka.api.database import Connection, row, rows
from jidoka.api.queries.conditions import PAGE, RANGE, where

FIELDS = """id, code, severity, message, station, status, source, subject, active, acknowledged_by, acknowledged_at,
cleared_at, shelved_by, shelved_until, comment, context, created_at, changed_at"""

FILTERS = {
    "open": "(cleared_at IS NULL OR acknowledged_at IS NULL)",
    "severity": "severity = %(severity)s",
    "station": "station = %(station)s",
    "code": "code = %(code)s",
    **RANGE,
    **PAGE,
}


async def listed(connection: Connection, values: Mapping[str, Any]) -> list[DictRow]:
    """Alarms by FILTERS, newest first, at most `limit`; `open` leaves out what is over and acknowledged."""
    sql = f"SELECT {FIELDS} FROM alarms{where(FILTERS, values)} ORDER BY created_at DESC, id DESC LIMIT %(limit)s"  # noqa: S608
    return await rows(connection, sql, dict(values))


async def one(connection: Connection, alarm_id: UUID) -> DictRow | None:
    """An alarm."""
    return await row(connection, f"SELECT {FIELDS} FROM alarms WHERE id = %(id)s", {"id": alarm_id})  # noqa: S608


async def events(connection: Connection, alarm_id: UUID) -> list[DictRow]:
    """What happened to an alarm, oldest first, at most 500."""
    sql = """SELECT id, alarm_id, event, actor, comment, at FROM alarm_events
        WHERE alarm_id = %(id)s ORDER BY at, id LIMIT 500"""
    return await rows(connection, sql, {"id": alarm_id})


async def active_between(connection: Connection, start: datetime, end: datetime) -> list[DictRow]:
    """Alarms that were active at some time of the span, oldest first, at most 100."""
    sql = f"SELECT {FIELDS} FROM alarms_between(%(start)s, %(end)s) LIMIT 100"  # noqa: S608
    return await rows(connection, sql, {"start": start, "end": end})
