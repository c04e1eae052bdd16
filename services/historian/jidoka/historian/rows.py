"""Running one INSERT for many rows, and seeing which of them were new."""

from collections.abc import Iterable, Sequence
from typing import Any

from jidoka.historian.database import Cursor


def insert_new(cursor: Cursor, statement: str, rows: Sequence[Sequence[object]]) -> list[bool]:
    """Runs an `INSERT … ON CONFLICT … RETURNING` for each row, pipelined; whether each wrote a row."""
    if not rows:
        return []
    cursor.executemany(statement.encode(), rows, returning=True)
    return [result.fetchone() is not None for result in cursor.results()]


def present(cursor: Cursor, query: str, ids: Iterable[object]) -> set[Any]:
    """Which of the ids a query `… = ANY(%s)` finds."""
    wanted = list(ids)
    return {row[0] for row in cursor.execute(query.encode(), (wanted,)).fetchall()} if wanted else set()
