"""Rows of the tables that a restore is measured by."""

from typing import Any

import psycopg
from psycopg import sql

TABLES = (
    "parts",
    "inspections",
    "defects",
    "decisions",
    "alarms",
    "alarm_events",
    "dispositions",
    "images",
    "tag_samples",
)


def counted(connection: psycopg.Connection[Any]) -> dict[str, int]:
    """By table; those that this release of the database does not have are left out."""
    there = connection.execute(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_name = ANY(%s)",
        (list(TABLES),),
    ).fetchall()
    counts = {}
    for (table,) in sorted(there):
        row = connection.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier("public", table))).fetchone()
        assert row is not None, "count(*) returns one row"
        counts[str(table)] = int(row[0])
    return counts
