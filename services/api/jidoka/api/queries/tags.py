"""Tags, their newest samples and their history."""

from datetime import datetime
from typing import Any

from psycopg.rows import DictRow

from jidoka.api.database import Connection, row, rows

LATEST = "SELECT tag AS name, plc, scan_group, kind, at, value, text, bad FROM tag_latest"


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
    sql = """SELECT at, samples, minimum, maximum, mean
        FROM tag_trend(%(tag)s, %(start)s, %(end)s, %(points)s) ORDER BY at"""
    values: dict[str, Any] = {"tag": tag_id, "start": start, "end": end, "points": points}
    return await rows(connection, sql, values)


async def around(connection: Connection, plc: str | None, at: datetime) -> list[DictRow]:
    """Each tag's last sample in the ten seconds before a time."""
    sql = """SELECT DISTINCT ON (s.tag_id) s.tag, s.plc, s.at, s.value, s.text, s.bad FROM tag_samples s
        WHERE s.at > %(at)s - interval '10 seconds' AND s.at <= %(at)s AND (%(plc)s::text IS NULL OR s.plc = %(plc)s)
        ORDER BY s.tag_id, s.at DESC"""
    return sorted(await rows(connection, sql, {"plc": plc, "at": at}), key=lambda sample: str(sample["tag"]))
