"""Tags, their newest samples and their history."""

from datetime import datetime
from typing import Any

from psycopg.rows import DictRow

from jidoka.api.database import Connection, row, rows

LATEST = "SELECT tag AS name, plc, scan_group, kind, at, value, text, bad, quality, reason FROM tag_latest"


async def listed(connection: Connection, plc: str | None, prefix: str | None) -> list[DictRow]:
    """Tags with their newest samples, by name; `prefix` is compared as it stands."""
    sql = f"""{LATEST} WHERE (%(plc)s::text IS NULL OR plc = %(plc)s)
        AND (%(prefix)s::text IS NULL OR starts_with(tag, %(prefix)s)) ORDER BY tag, plc LIMIT 10000"""
    return await rows(connection, sql, {"plc": plc, "prefix": prefix})


async def one(connection: Connection, name: str, plc: str | None) -> DictRow | None:
    """A tag by name; without `plc` the first controller that has it."""
    sql = """SELECT id, name, plc, scan_group, kind FROM tags
        WHERE name = %(name)s AND (%(plc)s::text IS NULL OR plc = %(plc)s) ORDER BY plc LIMIT 1"""
    return await row(connection, sql, {"name": name, "plc": plc})


async def trend(connection: Connection, tag_id: int, start: datetime, end: datetime, points: int) -> list[DictRow]:
    """About `points` intervals of a tag between two times."""
    sql = """SELECT at, samples, minimum, maximum, mean, bad, uncertain
        FROM tag_trend(%(tag)s, %(start)s, %(end)s, %(points)s) ORDER BY at"""
    values: dict[str, Any] = {"tag": tag_id, "start": start, "end": end, "points": points}
    return await rows(connection, sql, values, binary=True)


async def around(connection: Connection, plc: str | None, start: datetime, end: datetime) -> list[DictRow]:
    """Each tag's newest sample of the minute before `start`, and its range from ten seconds before to ten after."""
    sql = """SELECT tag, plc, coalesce(at, %(start)s) AS at, value, text, quality, reason,
        minimum, maximum, mean, samples,
        CASE WHEN quality = 'bad' THEN reason END AS bad
        FROM tags_around(%(start)s, %(end)s, only_plc => %(plc)s) ORDER BY tag, plc"""
    return await rows(connection, sql, {"plc": plc, "start": start, "end": end})
