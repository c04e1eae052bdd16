"""People's findings."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from psycopg.rows import DictRow

from jidoka.api.database import Connection, row, rows
from jidoka.api.queries.conditions import PAGE, RANGE, where

FIELDS = "id, part_id, defect_id, disposition, actor, comment, created_at, undone_by, undone_at, undo_comment"
FILTERS = {"disposition": "disposition = %(disposition)s", "actor": "actor = %(actor)s", **RANGE, **PAGE}


async def listed(connection: Connection, values: Mapping[str, Any]) -> list[DictRow]:
    """Findings by FILTERS, newest first, at most `limit`."""
    sql = f"SELECT {FIELDS} FROM dispositions{where(FILTERS, values)} ORDER BY created_at DESC, id DESC LIMIT %(limit)s"  # noqa: S608
    return await rows(connection, sql, dict(values))


async def of_part(connection: Connection, part: DictRow) -> list[DictRow]:
    """Findings on a part and its defects, newest first."""
    sql = f"SELECT {FIELDS} FROM dispositions WHERE part_id = %(id)s ORDER BY created_at DESC, id DESC"  # noqa: S608
    return await rows(connection, sql, {"id": part["id"]})


async def one(connection: Connection, disposition_id: UUID) -> DictRow | None:
    """A finding."""
    return await row(connection, f"SELECT {FIELDS} FROM dispositions WHERE id = %(id)s", {"id": disposition_id})  # noqa: S608
