"""Parts, decisions, and what belongs to a part."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from psycopg.rows import DictRow

from jidoka.api.database import Connection, row, rows
from jidoka.api.queries.conditions import PAGE, RANGE, where

FIELDS = """id, station, plc, counter, serial, sku, batch, result, ruling, reason, detail, confirmed, quality_score,
cycle_time_ms, latency_ms, deadline_ms, replayed, bypassed, kept, disposition, created_at, decided_at, claimed_at"""

FILTERS = {
    "station": "station = %(station)s",
    "result": "result = %(result)s",
    "serial": "serial = %(serial)s",
    "sku": "sku = %(sku)s",
    "batch": "batch = %(batch)s",
    "plc": "plc = %(plc)s",
    "disposition": "disposition = %(disposition)s",
    "model_sha256": """EXISTS (SELECT FROM inspections i WHERE i.part_id = parts.id AND i.role = 'live'
        AND i.model_sha256 = %(model_sha256)s AND i.created_at BETWEEN parts.created_at - interval '1 hour'
        AND parts.created_at + interval '1 day')""",
    **RANGE,
    **PAGE,
}

# All rows of a part lie in this time around its arrival: it keeps other chunks unread.
AROUND = "created_at BETWEEN %(at)s - interval '1 hour' AND %(at)s + interval '1 day'"


async def listed(connection: Connection, values: Mapping[str, Any]) -> list[DictRow]:
    """Parts by FILTERS, newest first, at most `limit`."""
    sql = f"SELECT {FIELDS} FROM parts{where(FILTERS, values)} ORDER BY created_at DESC, id DESC LIMIT %(limit)s"  # noqa: S608
    return await rows(connection, sql, dict(values))


async def one(connection: Connection, part_id: UUID) -> DictRow | None:
    """A part."""
    return await row(connection, f"SELECT {FIELDS} FROM parts WHERE id = %(id)s", {"id": part_id})  # noqa: S608


async def decision(connection: Connection, part_id: UUID) -> DictRow | None:
    """What the controller was told for a part."""
    sql = """SELECT part_id, station, plc, counter, ruling, result, reason, detail,
        coalesce(inspections, '[]') AS inspections, coalesce(absent, '{}') AS absent,
        confirmed, bypassed, arrived_at, decided_at, latency_ms, config_sha256
        FROM decisions WHERE part_id = %(id)s"""
    return await row(connection, sql, {"id": part_id})


async def visits(connection: Connection, part: DictRow) -> list[DictRow]:
    """Other visits of the same serial, newest first, at most 50."""
    if part["serial"] is None:
        return []
    sql = f"""SELECT {FIELDS} FROM parts WHERE serial = %(serial)s AND id <> %(id)s
        ORDER BY created_at DESC LIMIT 50"""  # noqa: S608
    return await rows(connection, sql, {"serial": part["serial"], "id": part["id"]})


async def kept(connection: Connection, part: DictRow) -> DictRow | None:
    """Who keeps a part, or None."""
    return await row(
        connection, "SELECT actor, comment, kept_at FROM kept_parts WHERE part_id = %(id)s", {"id": part["id"]}
    )


async def serials(connection: Connection, prefix: str, limit: int) -> list[DictRow]:
    """Serial numbers that begin with `prefix`, in order, each with its newest visit.

    Each step jumps over one serial's visits, so that a serial seen a thousand times costs no more than one seen once.
    """
    sql = """WITH RECURSIVE found AS (
            (SELECT serial FROM parts
             WHERE serial >= %(prefix)s AND serial < %(end)s AND starts_with(serial, %(prefix)s)
             ORDER BY serial LIMIT 1)
            UNION ALL
            SELECT (SELECT p.serial FROM parts p
                    WHERE p.serial > found.serial AND p.serial < %(end)s AND starts_with(p.serial, %(prefix)s)
                    ORDER BY p.serial LIMIT 1) FROM found WHERE found.serial IS NOT NULL
        ), named AS (SELECT serial FROM found WHERE serial IS NOT NULL LIMIT %(limit)s)
        SELECT n.serial, p.id AS part_id, p.station, p.result, p.created_at FROM named n CROSS JOIN LATERAL
            (SELECT id, station, result, created_at FROM parts WHERE serial = n.serial
             ORDER BY created_at DESC LIMIT 1) p ORDER BY n.serial"""
    return await rows(connection, sql, {"prefix": prefix, "end": f"{prefix}{chr(0x10FFFF)}", "limit": limit})


async def captures(connection: Connection, part: DictRow) -> list[DictRow]:
    """Cameras that gave no usable frame of a part."""
    sql = "SELECT id, camera, code, reason, created_at FROM captures WHERE part_id = %(id)s ORDER BY created_at"
    return await rows(connection, sql, {"id": part["id"]})


async def missed(connection: Connection, values: Mapping[str, Any]) -> list[DictRow]:
    """Ranges of parts that nobody could read any more."""
    conditions = {"station": FILTERS["station"], **RANGE, **PAGE}
    sql = f"""SELECT id, station, plc, first, last, count, reason, created_at FROM missed_parts
        {where(conditions, values)} ORDER BY created_at DESC, id DESC LIMIT %(limit)s"""  # noqa: S608
    return await rows(connection, sql, dict(values))


async def counts(connection: Connection, start: datetime, end: datetime | None = None) -> dict[str, dict[str, int]]:
    """By station: parts by result that arrived in the time."""
    conditions = where({**RANGE, "decided": "result IS NOT NULL"}, {"start": start, "end": end, "decided": True})
    sql = f"SELECT station, result, count(*) AS parts FROM parts{conditions} GROUP BY station, result"  # noqa: S608
    found: dict[str, dict[str, int]] = {}
    for entry in await rows(connection, sql, {"start": start, "end": end}):
        found.setdefault(entry["station"], {})[entry["result"]] = entry["parts"]
    return found


async def newest_of(connection: Connection, stations: Sequence[str], count: int = 1) -> dict[str, list[DictRow]]:
    """The newest parts of each station that has some, newest first."""
    sql = f"""SELECT p.* FROM unnest(%(stations)s::text[]) AS wanted (name) CROSS JOIN LATERAL
        (SELECT {FIELDS} FROM parts WHERE station = wanted.name
         ORDER BY created_at DESC, id DESC LIMIT %(count)s) AS p"""  # noqa: S608
    found: dict[str, list[DictRow]] = {}
    for part in await rows(connection, sql, {"stations": list(stations), "count": count}):
        found.setdefault(part["station"], []).append(part)
    return found


def span(part: DictRow) -> tuple[datetime, datetime]:
    """From arrival to decision, at least a second."""
    start: datetime = part["created_at"]
    return start, max(part["decided_at"] or start, start + timedelta(seconds=1))
