"""Writing records into the outbox's tables: each gets its number in the transaction that stores it."""

import json
import sqlite3
import time
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

from jidoka.runtime import metrics, room
from jidoka.runtime.logs import log
from jidoka.runtime.rows import droppable, size_of
from jidoka.schemas import Custody, Lost, Message, Scope, Stream, encode, new_id
from jidoka.schemas.custody import Watermark


class Ledger:
    """The numbers of one source. The epoch is new for each Ledger; `clock` is monotonic."""

    def __init__(self, scope: Scope, source: str, clock: Callable[[], float]) -> None:
        self.source, self.epoch = source, str(new_id())
        self._scope, self._clock = scope, clock

    def write(self, db: sqlite3.Connection, message: Message, traceparent: str | None = None, lost: str = "") -> int:
        """Stores a record as the next of its stream; returns its row id. `lost`: what a Lost record is of."""
        assert message.stream
        stream = message.stream
        custody = Custody(self.source, stream, self.epoch, self._next(db, stream))
        packet = encode(message, self._scope, custody, traceparent)
        size = size_of(packet)
        fields = (
            stream.value, self.epoch, custody.seq, size, droppable(message), lost or None, time.time(), self._clock(),
            message.fresh_for, packet.topic, packet.content_type, json.dumps(packet.properties), message.retain,
            packet.payload,
        )  # fmt: skip
        row_id = db.execute(
            "INSERT INTO outbox_record (stream, epoch, seq, size, droppable, lost, at, born, fresh_for, topic,"
            " content_type, properties, retain, payload) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            fields,
        ).lastrowid
        assert row_id
        room.account(db, stream, 1, size)
        return row_id

    def cover(self, db: sqlite3.Connection, gone: room.Range, reason: str, after: int) -> None:
        """Writes a Lost record, or extends the newest one of that stream if its row id is above `after`: unsent."""
        key = f"{gone.stream.value}/{gone.epoch}"
        asked = "SELECT id, payload FROM outbox_record WHERE lost = ? AND id > ? ORDER BY id DESC LIMIT 1"
        found = db.execute(asked, (key, after)).fetchone()
        before = Lost.model_validate_json(found[1]) if found else None
        if before and before.last + 1 == gone.first and before.reason == reason:
            payload = before.model_copy(update={"last": gone.last}).model_dump_json(exclude_none=True).encode()
            db.execute("UPDATE outbox_record SET payload = ? WHERE id = ?", (payload, found[0]))
            return
        lost = Lost(
            source=self.source, lost_stream=gone.stream, lost_epoch=UUID(gone.epoch), first=gone.first, last=gone.last,
            reason=reason, at=datetime.now(UTC),
        )  # fmt: skip
        self.write(db, lost, lost=key)

    def _next(self, db: sqlite3.Connection, stream: Stream) -> int:
        issued = db.execute(
            "INSERT INTO outbox_epoch (stream, epoch, issued) VALUES (?, ?, 1)"
            " ON CONFLICT (stream, epoch) DO UPDATE SET issued = issued + 1 RETURNING issued",
            (stream.value, self.epoch),
        ).fetchone()
        return int(issued[0])


def prune(db: sqlite3.Connection, mark: Watermark) -> list[int]:
    """Removes what a watermark covers; returns the ids of the records.

    The highest watermark ever seen counts. One of an unknown epoch, or beyond what was ever issued, removes nothing.
    """
    stream, epoch = mark.stream.value, str(mark.epoch)
    asked = "SELECT issued, upto FROM outbox_epoch WHERE stream = ? AND epoch = ?"
    known = db.execute(asked, (stream, epoch)).fetchone()
    if known is None:
        return []
    issued, before = known
    if max(mark.upto, *mark.extras, 0) > issued:
        metrics.RECEIPTS_REFUSED.inc()
        log.error("receipt_refused", stream=stream, epoch=epoch, upto=mark.upto, issued=issued)
        return []
    upto = max(mark.upto, before)
    removed = db.execute(
        "DELETE FROM outbox_record WHERE stream = ? AND epoch = ? AND"
        " (seq <= ? OR seq IN (SELECT value FROM json_each(?))) RETURNING id, size",
        (stream, epoch, upto, json.dumps(mark.extras)),
    ).fetchall()
    if upto > before:
        db.execute("UPDATE outbox_epoch SET upto = ? WHERE stream = ? AND epoch = ?", (upto, stream, epoch))
    if removed:
        room.account(db, mark.stream, -len(removed), -sum(size for _, size in removed))
    return [row_id for row_id, _ in removed]
