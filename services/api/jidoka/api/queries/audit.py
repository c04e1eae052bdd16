"""The audit log: added to under a lock, read by id."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

from jidoka.api.database import Connection, row, rows
from jidoka.api.queries.conditions import where

FIELDS = "id, at, actor, address, action, object, detail, hash"
FILTERS = {
    "actor": "actor = %(actor)s",
    "action": "action = %(action)s",
    "start": "at >= %(start)s",
    "end": "at < %(end)s",
    "before": "id < %(before)s",
}
_STEP = 1000


async def lock_newest(connection: Connection) -> DictRow | None:
    """The newest entry, with the log to oneself until the transaction ends; `now` is the database's time."""
    await connection.execute("SELECT pg_advisory_xact_lock(hashtext('jidoka.audit'))")
    return await row(connection, f"SELECT {FIELDS} FROM auth.audit ORDER BY id DESC LIMIT 1")  # noqa: S608


async def add(connection: Connection, entry: dict[str, Any]) -> None:
    """Adds an entry with all its fields."""
    sql = f"""INSERT INTO auth.audit ({FIELDS})
        VALUES (%(id)s, %(at)s, %(actor)s, %(address)s, %(action)s, %(object)s, %(detail)s, %(hash)s)"""  # noqa: S608
    await connection.execute(sql.encode(), {**entry, "detail": Jsonb(entry["detail"])})


async def now(connection: Connection) -> datetime:
    """The database's clock."""
    found = await row(connection, "SELECT clock_timestamp() AS now")
    assert found is not None
    return datetime.fromisoformat(found["now"].isoformat())


async def listed(connection: Connection, values: dict[str, Any]) -> list[DictRow]:
    """Entries by FILTERS, newest first, at most `limit`."""
    sql = f"SELECT {FIELDS} FROM auth.audit{where(FILTERS, values)} ORDER BY id DESC LIMIT %(limit)s"  # noqa: S608
    return await rows(connection, sql, values)


async def everything(connection: Connection) -> AsyncIterator[DictRow]:
    """All entries, oldest first."""
    last = 0
    while True:
        sql = f"SELECT {FIELDS} FROM auth.audit WHERE id > %(last)s ORDER BY id LIMIT %(limit)s"  # noqa: S608
        found = await rows(connection, sql, {"last": last, "limit": _STEP})
        for entry in found:
            yield entry
        if len(found) < _STEP:
            return
        last = found[-1]["id"]
