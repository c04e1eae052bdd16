"""The outbox's tables, and one record as it lies there."""

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

from jidoka.schemas import Message, Packet, Stream
from jidoka.schemas.vision import Evidence, Verdict

# payload last: a scan for sizes and numbers then never reads its overflow pages
TABLES = """
CREATE TABLE IF NOT EXISTS outbox_record (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  stream TEXT NOT NULL, epoch TEXT NOT NULL, seq INTEGER NOT NULL,
  size INTEGER NOT NULL, droppable INTEGER NOT NULL, lost TEXT,
  at REAL NOT NULL, born REAL NOT NULL, fresh_for REAL,
  topic TEXT NOT NULL, content_type TEXT, properties TEXT NOT NULL, retain INTEGER NOT NULL,
  payload BLOB NOT NULL,
  UNIQUE (stream, epoch, seq));
CREATE INDEX IF NOT EXISTS outbox_record_order ON outbox_record (stream, id);
CREATE INDEX IF NOT EXISTS outbox_record_droppable ON outbox_record (stream, id) WHERE droppable = 1;
CREATE INDEX IF NOT EXISTS outbox_record_lost ON outbox_record (lost, id) WHERE lost IS NOT NULL;
CREATE TABLE IF NOT EXISTS outbox_epoch (
  stream TEXT NOT NULL, epoch TEXT NOT NULL, issued INTEGER NOT NULL, upto INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (stream, epoch)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS outbox_total (
  stream TEXT PRIMARY KEY, records INTEGER NOT NULL, bytes INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS outbox_alarm (alarm_id TEXT NOT NULL);
"""

_COLUMNS = "id, stream, epoch, seq, size, born, fresh_for, topic, content_type, properties, retain, payload"
_ROW_OVERHEAD = 200  # indexes and page headers of one record, so that the bound holds for the file


@dataclass(frozen=True, slots=True)
class Row:
    """One record in the outbox; `born` is this process's monotonic clock."""

    id: int
    stream: Stream
    epoch: str
    seq: int
    size: int
    born: float
    fresh_for: float | None
    packet: Packet
    retain: bool

    def stale(self, now: float) -> bool:
        """Whether nothing may act on it any more."""
        return self.fresh_for is not None and now - self.born > self.fresh_for


def create_tables(db: sqlite3.Connection) -> None:
    """Creates what is not there."""
    for statement in TABLES.split(";\n"):
        if statement.strip():
            db.execute(statement)


def size_of(packet: Packet) -> int:
    """Bytes that a record takes in the outbox."""
    properties = sum(len(name) + len(value) + 8 for name, value in packet.properties)
    return len(packet.payload) + len(packet.topic) + properties + _ROW_OVERHEAD


def droppable(message: Message) -> bool:
    """Whether a full outbox may give this record up: samples, and the images of passed parts."""
    return message.stream is Stream.SAMPLES or (isinstance(message, Evidence) and message.verdict is Verdict.PASS)


def forget_empty_epochs(db: sqlite3.Connection) -> None:
    """Removes the numbers of epochs that have no record left: at the start, when all of them are earlier ones."""
    db.execute(
        "DELETE FROM outbox_epoch AS e WHERE NOT EXISTS"
        " (SELECT 1 FROM outbox_record AS r WHERE r.stream = e.stream AND r.epoch = e.epoch)"
    )


def between(db: sqlite3.Connection, stream: Stream, ids: tuple[int, int], count: int, most_bytes: int) -> list[Row]:
    """The rows of a stream with ids[0] < id <= ids[1], in order: at most `count` and `most_bytes`, but at least one."""
    found = db.execute(
        f"SELECT {_COLUMNS} FROM outbox_record WHERE stream = ? AND id > ? AND id <= ? ORDER BY id LIMIT ?",  # noqa: S608
        (stream.value, *ids, count),
    )
    return list(_within(found, most_bytes))


def _within(found: sqlite3.Cursor, most_bytes: int) -> Iterator[Row]:
    total = 0
    for fields in found:
        row = _row(*fields)
        total += row.size
        if total > most_bytes and total > row.size:
            found.close()
            return
        yield row


def _row(  # noqa: PLR0917 - one argument a column
    number: int, stream: str, epoch: str, seq: int, size: int, born: float, fresh_for: float | None,
    topic: str, content_type: str | None, properties: str, retain: int, payload: bytes,
) -> Row:  # fmt: skip
    pairs = tuple((name, value) for name, value in json.loads(properties))
    packet = Packet(topic, payload, content_type, pairs)
    return Row(number, Stream(stream), epoch, seq, size, born, fresh_for, packet, bool(retain))
