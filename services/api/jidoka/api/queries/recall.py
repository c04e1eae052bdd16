"""Recall lists: the parts that something may have been wrong with."""

from typing import Any

from psycopg.rows import DictRow

from jidoka.api.database import Connection, rows

FIELDS = "id AS part_id, serial, sku, batch, station, result, disposition, created_at, decided_at"
_PAGE = """(%(before_id)s::uuid IS NULL OR (created_at, id) < (%(before_at)s, %(before_id)s))
    ORDER BY created_at DESC, id DESC LIMIT %(limit)s"""
_PARTS = f"""SELECT {FIELDS}, count(*) OVER () AS matching
    FROM recall_parts(%(start)s, %(end)s, %(batch)s, %(model_sha256)s, %(sku)s, %(station)s) WHERE {_PAGE}"""  # noqa: S608
_BY_TAG = f"""SELECT {FIELDS}, minimum, maximum, count(*) OVER () AS matching
    FROM recall_by_tag(%(tag_id)s, %(start)s, %(end)s, %(below)s, %(above)s, %(before_s)s * interval '1 s',
                       %(after_s)s * interval '1 s', %(station)s)
    WHERE (%(batch)s::text IS NULL OR batch = %(batch)s) AND (%(sku)s::text IS NULL OR sku = %(sku)s) AND {_PAGE}"""  # noqa: S608


async def listed(connection: Connection, values: dict[str, Any]) -> list[DictRow]:
    """Parts of a recall, newest first, at most `limit`; `matching` counts this row and those that follow it.

    With a `tag_id` they were at the station while it was outside its limits: `minimum`, `maximum` say how far.
    """
    return await rows(connection, _PARTS if values["tag_id"] is None else _BY_TAG, values)
