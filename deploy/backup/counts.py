"""Rows of the tables that a restore is measured by, and hashes of some images as they lie there."""

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
    "actions",
    "captures",
    "missed_parts",
    "kept_parts",
    "kept_tag_samples",
    "dead_letters",
    "custody",
    "images",
    "tag_samples",
    "tag_minutes",
    "station_minutes",
)
IMAGES = """
SELECT frame_id::text, encode(sha256(image), 'hex') FROM public.images
WHERE frame_id IN (SELECT frame_id FROM public.images ORDER BY md5(frame_id::text) LIMIT 100)
"""


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


def hashed(connection: psycopg.Connection[Any]) -> dict[str, str]:
    """Of 100 images, or all when there are fewer: the sha256 of the bytes, by frame."""
    there = connection.execute("SELECT to_regclass('public.images')").fetchone()
    return dict(connection.execute(IMAGES).fetchall()) if there and there[0] else {}
