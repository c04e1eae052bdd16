"""Making room in a full outbox: what is given up, and the Lost records that cover it."""

import sqlite3
from dataclasses import dataclass

from jidoka.runtime.errors import OutboxFull
from jidoka.schemas import Stream

SHARE_OF_OTHERS = 0.9  # the rest is for facts alone
SLACK = 0.01  # freed beyond the need, so that not every record of a full outbox searches for room


@dataclass(frozen=True, slots=True)
class Range:
    """Consecutive records of one stream and epoch."""

    stream: Stream
    epoch: str
    first: int
    last: int


def used(db: sqlite3.Connection) -> int:
    """Bytes in the outbox."""
    return int(db.execute("SELECT coalesce(sum(bytes), 0) FROM outbox_total").fetchone()[0])


def account(db: sqlite3.Connection, stream: Stream, records: int, size: int) -> None:
    """Books records and bytes that came (or, negative, went)."""
    db.execute(
        "INSERT INTO outbox_total VALUES (?, ?, ?) ON CONFLICT (stream)"
        " DO UPDATE SET records = records + excluded.records, bytes = bytes + excluded.bytes",
        (stream.value, records, size),
    )


def make_room(db: sqlite3.Connection, capacity: int, stream: Stream, newest: int) -> list[Range]:
    """Deletes droppable records older than the row `newest`, oldest first, until that row of `stream` fits its bound.

    Samples go first, then images of passed parts. Returns what was given up. Raises OutboxFull when that is not enough.
    """
    limit = capacity if stream is Stream.FACTS else int(capacity * SHARE_OF_OTHERS)
    missing = used(db) - limit
    if missing <= 0:
        return []
    ranges: list[Range] = []
    wanted = missing + int(capacity * SLACK)
    for victim in (Stream.SAMPLES, Stream.EVIDENCE):
        if wanted > 0:
            freed, gone = _drop(db, victim, newest, wanted)
            wanted -= freed
            ranges += gone
    if used(db) > limit:
        raise OutboxFull(f"the outbox is full: {used(db)} bytes, and {stream.value} may fill it to {limit}")
    return ranges


def _drop(db: sqlite3.Connection, stream: Stream, newest: int, wanted: int) -> tuple[int, list[Range]]:
    freed, last_id = 0, 0
    numbers: list[tuple[str, int]] = []
    found = db.execute(
        "SELECT id, epoch, seq, size FROM outbox_record WHERE stream = ? AND droppable = 1 AND id < ? ORDER BY id",
        (stream.value, newest),
    )
    for row_id, epoch, seq, size in found:
        if freed >= wanted:
            break
        freed, last_id = freed + size, row_id
        numbers.append((epoch, seq))
    found.close()
    db.execute("DELETE FROM outbox_record WHERE stream = ? AND droppable = 1 AND id <= ?", (stream.value, last_id))
    account(db, stream, -len(numbers), -freed)
    return freed, _ranges(stream, numbers)


def _ranges(stream: Stream, numbers: list[tuple[str, int]]) -> list[Range]:
    ranges: list[Range] = []
    for epoch, seq in numbers:
        newest = ranges[-1] if ranges else None
        if newest and newest.epoch == epoch and newest.last + 1 == seq:
            ranges[-1] = Range(stream, epoch, newest.first, seq)
        else:
            ranges.append(Range(stream, epoch, seq, seq))
    return ranges
