"""Time policies: partitions ahead, columnstore, retention. All of it may be applied again and again."""

from datetime import datetime, timedelta

from jidoka.historian.clock import OLDEST
from jidoka.historian.database import Cursor
from jidoka.historian.line import Retention

AHEAD = timedelta(days=7)
RESTORED = timedelta(days=7)
DELETE_ROWS = 5000

_SERIES = "SELECT name, hypertable, keep, columnstore_after, segment_by, time_column FROM record.series ORDER BY name"
_TSL = "SELECT current_setting('timescaledb.license', true) = 'timescale'"
_OLD_FACTS = {
    "parts": "created_at",
    "captures": "created_at",
    "missed_parts": "created_at",
    "alarm_events": "at",
}
_UNKEPT = {
    "parts": " AND id NOT IN (SELECT part_id FROM record.kept_parts)",
    "captures": " AND part_id NOT IN (SELECT part_id FROM record.kept_parts)",
}
_EDGE = """
SELECT max(range_end) FROM timescaledb_information.chunks
WHERE hypertable_schema = 'record' AND hypertable_name = %s AND range_end <= %s
"""
_ORDER = {"tag_samples": "at DESC", "tag_minutes": "bucket DESC", "inspections": "created_at DESC, id"} | {
    "defects": "created_at DESC, id"
}


def make_partitions(cursor: Cursor, now: datetime) -> int:
    """Native partitions for everything that the clock's window lets in, and a week ahead."""
    row = cursor.execute("SELECT record.make_partitions(%s, %s)", (now - OLDEST - AHEAD, now + AHEAD)).fetchone()
    assert row is not None
    return int(row[0])


def apply_retention(cursor: Cursor, retention: Retention) -> None:
    """Writes what `line.toml` says into the database, and turns on the columnstore where TimescaleDB has it."""
    after = timedelta(days=retention.columnstore_after_days)
    for name, keep in retention.keep().items():
        cursor.execute("UPDATE record.series SET keep = %s WHERE name = %s", (keep, name))
    licensed = cursor.execute(_TSL).fetchone()
    if not (licensed and licensed[0]):
        return
    for name, hypertable, _, applied, segment_by, _ in cursor.execute(_SERIES).fetchall():
        if hypertable and name in _ORDER and applied != after:
            _compress(cursor, name, segment_by, after)


def drop_old(cursor: Cursor, now: datetime) -> int:
    """Drops chunks and partitions that lie wholly before what is kept. Returns how many.

    No record may come that is older than the clock's window, so nothing inside the window is dropped. In the first week
    of a restored database nothing is.
    """
    if _restored(cursor, now):
        return 0
    dropped = 0
    for name, hypertable, keep, *_ in cursor.execute(_SERIES).fetchall():
        if keep is None:
            continue
        before = now - max(keep, OLDEST + AHEAD) if not name.startswith("images_") else now - keep
        if hypertable:
            _rescue(cursor, name, before)
            dropped += len(cursor.execute("SELECT drop_chunks(%s, %s)", (f"record.{name}", before)).fetchall())
        else:
            row = cursor.execute("SELECT record.drop_partitions(%s, %s)", (name, before)).fetchone()
            dropped += int(row[0]) if row else 0
    return dropped


def _rescue(cursor: Cursor, name: str, before: datetime) -> None:
    # the same chunks that drop_chunks is about to take
    row = cursor.execute(_EDGE, (name, before)).fetchone()
    if row and row[0]:
        cursor.execute("SELECT record.rescue(%s, %s)", (name, row[0]))


def delete_old_facts(cursor: Cursor, now: datetime, retention: Retention) -> int:
    """Deletes some of the oldest rows of the plain tables. Returns how many; fewer than DELETE_ROWS: all."""
    if retention.facts_days is None or _restored(cursor, now):
        return 0
    before, deleted = now - timedelta(days=retention.facts_days), 0
    for table, column in _OLD_FACTS.items():
        deleted += cursor.execute(
            f"DELETE FROM record.{table} WHERE id IN (SELECT id FROM record.{table} "  # noqa: S608 - names from above
            f"WHERE {column} < %s{_UNKEPT.get(table, '')} ORDER BY {column} LIMIT %s)",
            (before, DELETE_ROWS),
        ).rowcount
    return deleted


def forget_old_epochs(cursor: Cursor) -> int:
    """Empties the inbox of epochs that have been complete and silent for a day. Returns how many rows went."""
    return cursor.execute(
        "DELETE FROM record.inbox i USING record.custody c "
        "WHERE c.id = i.custody_id AND i.seq <= c.upto AND c.last_at < now() - interval '1 day'"
    ).rowcount


def _restored(cursor: Cursor, now: datetime) -> bool:
    """Whether the record came into this database less than a week ago."""
    return cursor.execute("SELECT FROM record.line WHERE since > %s", (now - RESTORED,)).fetchone() is not None


def _compress(cursor: Cursor, name: str, segment_by: str, after: timedelta) -> None:
    table = f"record.{name}"
    cursor.execute(
        f"ALTER TABLE {table} SET (timescaledb.enable_columnstore, "
        f"timescaledb.segmentby = '{segment_by}', timescaledb.orderby = '{_ORDER[name]}')".encode()
    )
    cursor.execute("CALL remove_columnstore_policy(%s::regclass, if_exists => true)", (table,))
    cursor.execute("CALL add_columnstore_policy(%s::regclass, after => %s)", (table, after))
    cursor.execute("UPDATE record.series SET columnstore_after = %s WHERE name = %s", (after, name))
