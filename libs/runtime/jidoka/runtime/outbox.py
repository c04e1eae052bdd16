"""The outbox: records that this service has published and the historian has not yet receipted, in the journal."""

import json
import sqlite3
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from jidoka.runtime import metrics, room
from jidoka.runtime.errors import OutboxFull
from jidoka.runtime.journal import Journal
from jidoka.runtime.logs import log
from jidoka.runtime.rows import Row, between, create_tables, droppable, size_of
from jidoka.schemas import (
    AlarmCondition,
    Custody,
    Lost,
    Message,
    Packet,
    Receipt,
    Scope,
    Severity,
    Stream,
    encode,
    new_id,
)
from jidoka.schemas.custody import Watermark

__all__ = ["Journal", "Outbox", "Pending"]

FULL_ALARM = "outbox-full"
CLEARED_BELOW = 0.8


@dataclass(frozen=True, slots=True)
class Pending:
    """What one stream has in the outbox; `oldest_s` is the age of its oldest record by the wall clock."""

    records: int
    bytes: int
    oldest_s: float


class Outbox:
    """Numbers each record (epoch, stream, seq) in the transaction that stores it, and keeps it until its receipt.

    The epoch is new at each start; records of earlier epochs keep theirs. Bounded by `capacity` bytes.
    """

    def __init__(self, journal: Journal, scope: Scope, source: str, capacity: int,
                 clock: Callable[[], float] = time.monotonic) -> None:  # fmt: skip
        self.source, self.capacity, self.epoch = source, capacity, str(new_id())
        self._journal, self._scope, self._clock = journal, scope, clock
        self.appended: Callable[[], None] = lambda: None
        with journal.transaction() as db:
            create_tables(db)
            db.execute(
                "DELETE FROM outbox_epoch AS e WHERE NOT EXISTS"
                " (SELECT 1 FROM outbox_record AS r WHERE r.stream = e.stream AND r.epoch = e.epoch)"
            )
            self.inherited = int(db.execute("SELECT coalesce(max(id), 0) FROM outbox_record").fetchone()[0])
            found = db.execute("SELECT alarm_id, at FROM outbox_alarm").fetchone()
        self._alarm: tuple[UUID, datetime] | None = found and (UUID(found[0]), datetime.fromisoformat(found[1]))
        self._claimed = dict.fromkeys(Stream, self.inherited)
        self._unclaimed: set[Stream] = set()
        self._full = False

    def add(self, message: Message, traceparent: str | None = None) -> None:
        """Stores a record, in the caller's transaction of the journal if there is one.

        Raises OutboxFull (and stores nothing) when neither samples nor images of passed parts are left to give up.
        """
        try:
            with self._journal.transaction() as db:
                row_id = self._insert(db, message, self._numbered(db, message, traceparent))
                assert message.stream
                given_up = room.make_room(db, self.capacity, message.stream, row_id)
                for gone in given_up:
                    self._cover(db, gone, "outbox full")
                self._journal.after_commit(lambda: self._count_lost(given_up, "full"))
        except OutboxFull:
            self._full = True
            metrics.OUTBOX_FULL.labels(str(message.stream)).inc()
            raise

    def claim(self, stream: Stream, count: int, most_bytes: int) -> list[Row]:
        """The next records of this epoch that were never claimed before, in order."""
        if stream not in self._unclaimed:
            return []
        self._unclaimed.discard(stream)
        with self._journal.transaction() as db:
            rows = between(db, stream, self._claimed[stream], 2**62, count, most_bytes)
            if rows:
                self._claimed[stream] = rows[-1].id
                self._unclaimed.add(stream)
        return rows

    def unclaimed(self) -> bool:
        """Whether some record waits to be claimed."""
        return bool(self._unclaimed)

    def between(self, stream: Stream, after: int, upto: int, count: int, most_bytes: int) -> list[Row]:
        """Records of a stream with `after` < id <= `upto`, in order."""
        with self._journal.transaction() as db:
            return between(db, stream, after, upto, count, most_bytes)

    def any_left(self, stream: Stream, first: int, last: int) -> bool:
        """Whether a record with `first` <= id <= `last` is still without a receipt."""
        with self._journal.transaction() as db:
            asked = "SELECT 1 FROM outbox_record WHERE stream = ? AND id BETWEEN ? AND ? LIMIT 1"
            return db.execute(asked, (stream.value, first, last)).fetchone() is not None

    def receive(self, receipts: Sequence[Receipt]) -> dict[Stream, int]:
        """Removes what receipts cover; returns how many records of each stream."""
        pruned = dict.fromkeys(Stream, 0)
        with self._journal.transaction() as db:
            for watermark in (watermark for receipt in receipts for watermark in receipt.watermarks):
                pruned[watermark.stream] += self._prune(db, watermark)
        for stream, count in pruned.items():
            metrics.PRUNED.labels(stream.value).inc(count)
        return pruned

    def give_up(self, row: Row, reason: str) -> None:
        """Replaces a record that can never be sent by the Lost record that covers it."""
        with self._journal.transaction() as db:
            if db.execute("DELETE FROM outbox_record WHERE id = ? RETURNING id", (row.id,)).fetchone():
                room.account(db, row.stream, -1, -row.size)
                gone = room.Range(row.stream, row.epoch, row.seq, row.seq)
                self._cover(db, gone, reason)
                self._journal.after_commit(lambda: self._count_lost([gone], "too_large"))

    def tend(self) -> None:
        """Raises the alarm `outbox-full` when it was, clears it below 80 %, sets the gauges. Once a second is enough."""
        with self._journal.transaction() as db:
            used = room.used(db)
            if self._full and self._alarm is None:
                self._alarm = new_id(), datetime.now(UTC)
                db.execute("INSERT INTO outbox_alarm VALUES (?, ?)", (str(self._alarm[0]), self._alarm[1].isoformat()))
                self._announce(db, *self._alarm, active=True)
                log.error("outbox_full", used_bytes=used, capacity_bytes=self.capacity)
            elif self._alarm and used < self.capacity * CLEARED_BELOW:
                db.execute("DELETE FROM outbox_alarm")
                self._announce(db, self._alarm[0], datetime.now(UTC), active=False)
                self._alarm = None
                log.info("outbox_has_room", used_bytes=used, capacity_bytes=self.capacity)
            self._full = False
        self._gauge(used)

    def pending(self) -> dict[Stream, Pending]:
        """What waits for a receipt, by stream."""
        found = dict.fromkeys(Stream, Pending(0, 0, 0.0))
        with self._journal.transaction() as db:
            for name, records, size in db.execute("SELECT stream, records, bytes FROM outbox_total").fetchall():
                oldest = db.execute(
                    "SELECT at FROM outbox_record WHERE stream = ? ORDER BY id LIMIT 1", (name,)
                ).fetchone()
                age = max(0.0, time.time() - oldest[0]) if oldest else 0.0
                found[Stream(name)] = Pending(records, size, age)
        return found

    def _numbered(self, db: sqlite3.Connection, message: Message, traceparent: str | None) -> Packet:
        assert message.stream
        seq = db.execute(
            "INSERT INTO outbox_epoch (stream, epoch, issued) VALUES (?, ?, 1)"
            " ON CONFLICT (stream, epoch) DO UPDATE SET issued = issued + 1 RETURNING issued",
            (message.stream.value, self.epoch),
        ).fetchone()[0]
        return encode(message, self._scope, Custody(self.source, message.stream, self.epoch, seq), traceparent)

    def _insert(self, db: sqlite3.Connection, message: Message, packet: Packet, lost: str | None = None) -> int:
        assert message.stream
        stream, size = message.stream, size_of(packet)
        row_id = db.execute(
            "INSERT INTO outbox_record (stream, epoch, seq, size, droppable, lost, at, born, fresh_for, topic,"
            " content_type, properties, retain, payload) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (stream.value, self.epoch, int(packet.property("seq") or 0), size, droppable(message), lost, time.time(),
             self._clock(), message.fresh_for, packet.topic, packet.content_type, json.dumps(packet.properties),
             message.retain, packet.payload),
        ).lastrowid  # fmt: skip
        assert row_id
        room.account(db, stream, 1, size)
        self._journal.after_commit(lambda: self._came(stream))
        return row_id

    def _came(self, stream: Stream) -> None:
        self._unclaimed.add(stream)
        self.appended()

    def _cover(self, db: sqlite3.Connection, gone: room.Range, reason: str) -> None:
        """Extends the newest Lost record that nobody has claimed yet, or adds one."""
        key = f"{gone.stream.value}/{gone.epoch}"
        found = db.execute(
            "SELECT id, size, payload FROM outbox_record WHERE lost = ? AND id > ? ORDER BY id DESC LIMIT 1",
            (key, self._claimed[Stream.FACTS]),
        ).fetchone()
        before = Lost.model_validate_json(found[2]) if found else None
        if found and before and before.last + 1 == gone.first and before.reason == reason:
            payload = before.model_copy(update={"last": gone.last}).model_dump_json(exclude_none=True).encode()
            db.execute("UPDATE outbox_record SET payload = ? WHERE id = ?", (payload, found[0]))
            return
        lost = Lost(
            source=self.source, lost_stream=gone.stream, lost_epoch=UUID(gone.epoch), first=gone.first, last=gone.last,
            reason=reason, at=datetime.now(UTC),
        )  # fmt: skip
        self._insert(db, lost, self._numbered(db, lost, None), lost=key)

    def _count_lost(self, ranges: list[room.Range], reason: str) -> None:
        for gone in ranges:
            self._full = self._full or reason == "full"
            metrics.LOST.labels(gone.stream.value, reason).inc(gone.last - gone.first + 1)
            log.warning(
                "records_lost", stream=gone.stream, epoch=gone.epoch, first=gone.first, last=gone.last, reason=reason
            )

    def _prune(self, db: sqlite3.Connection, mark: Watermark) -> int:
        stream, epoch = mark.stream.value, str(mark.epoch)
        asked = "SELECT issued, upto FROM outbox_epoch WHERE stream = ? AND epoch = ?"
        known = db.execute(asked, (stream, epoch)).fetchone()
        if known is None:
            return 0
        issued, before = known
        if max(mark.upto, *mark.extras, 0) > issued:
            metrics.RECEIPTS_REFUSED.inc()
            log.error("receipt_refused", stream=stream, epoch=epoch, upto=mark.upto, issued=issued)
            return 0
        upto = max(mark.upto, before)
        sizes = db.execute(
            "DELETE FROM outbox_record WHERE stream = ?1 AND epoch = ?2 AND"
            " (seq <= ?3 OR seq IN (SELECT value FROM json_each(?4))) RETURNING size",
            (stream, epoch, upto, json.dumps(mark.extras)),
        ).fetchall()
        if upto > before:
            db.execute("UPDATE outbox_epoch SET upto = ? WHERE stream = ? AND epoch = ?", (upto, stream, epoch))
        if sizes:
            room.account(db, mark.stream, -len(sizes), -sum(size for (size,) in sizes))
        return len(sizes)

    def _announce(self, db: sqlite3.Connection, alarm_id: UUID, at: datetime, *, active: bool) -> None:
        # past the bound on purpose: the alarm about a full outbox must find room in it
        condition = AlarmCondition(
            alarm_id=alarm_id, source=self.source, code=FULL_ALARM, subject=self.source, active=active,
            severity=Severity.HIGH, at=at, message="The outbox is full: records are dropped or refused",
        )  # fmt: skip
        self._insert(db, condition, self._numbered(db, condition, None))

    def _gauge(self, used: int) -> None:
        metrics.BYTES.set(used)
        metrics.CAPACITY.set(self.capacity)
        for stream, pending in self.pending().items():
            metrics.PENDING.labels(stream.value).set(pending.records)
            metrics.OLDEST.labels(stream.value).set(pending.oldest_s)
