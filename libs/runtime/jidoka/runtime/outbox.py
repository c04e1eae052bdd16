"""The outbox: records that this service has published and the historian has not yet receipted, in the journal."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from sqlite3 import Connection
from uuid import UUID

from jidoka.runtime import metrics, room, rows
from jidoka.runtime.errors import JournalUnavailable, OutboxFull
from jidoka.runtime.journal import Journal
from jidoka.runtime.ledger import Ledger, prune
from jidoka.runtime.logs import log
from jidoka.runtime.rows import Row
from jidoka.schemas import AlarmCondition, Message, Receipt, Scope, Severity, Stream, new_id

__all__ = ["Journal", "Outbox", "Pending"]

FULL_ALARM = "outbox-full"
CLEARED_BELOW = 0.8
HEAD_START_S = 0.01
_NO_END = 2**62


@dataclass(frozen=True, slots=True)
class Pending:
    """What one stream has in the outbox; `oldest_s` is the age of its oldest record by the wall clock."""

    records: int
    bytes: int
    oldest_s: float


class Outbox:
    """Numbers each record (epoch, stream, seq) in the transaction that stores it, and keeps it until its receipt.

    The epoch is new at each start; records of earlier epochs keep theirs. Bounded by `capacity` bytes. `appended` is
    called after each commit that brought a record.
    """

    def __init__(self, journal: Journal, scope: Scope, source: str, capacity: int,
                 clock: Callable[[], float] = time.monotonic) -> None:  # fmt: skip
        self.source, self.capacity = source, capacity
        self.appended: Callable[[], None] = lambda: None
        self._journal, self._ledger = journal, Ledger(scope, source, clock)
        with journal.transaction() as db:
            rows.create_tables(db)
            rows.forget_empty_epochs(db)
            self.inherited = int(db.execute("SELECT coalesce(max(id), 0) FROM outbox_record").fetchone()[0])
            found = db.execute("SELECT alarm_id FROM outbox_alarm").fetchone()
        self._alarm = UUID(found[0]) if found else None
        self._claimed = dict.fromkeys(Stream, self.inherited)
        self._unclaimed: set[Stream] = set()
        self._facts_gone = threading.Event()
        self._facts_gone.set()
        self._full = False

    def add(self, message: Message, traceparent: str | None = None) -> None:
        """Stores a record, in the caller's transaction of the journal if there is one.

        An image waits a moment for the facts before it to be claimed: its commit would keep them here as long. Raises
        OutboxFull (and stores nothing) when neither samples nor images of passed parts are left to give up.
        """
        assert message.stream
        stream = message.stream
        if stream is Stream.EVIDENCE:
            self._facts_gone.wait(HEAD_START_S)
        began = time.perf_counter()
        try:
            with self._journal.transaction() as db:
                row_id = self._ledger.write(db, message, traceparent)
                given_up = room.make_room(db, self.capacity, stream, row_id)
                for gone in given_up:
                    self._ledger.cover(db, gone, "outbox full", self._claimed[Stream.FACTS])
                self._journal.after_commit(lambda: self._added(stream, given_up))
        except OutboxFull:
            self._full = True
            metrics.OUTBOX_FULL.labels(stream.value).inc()
            raise
        metrics.COMMIT_SECONDS.observe(time.perf_counter() - began)

    def claim(self, stream: Stream, count: int, most_bytes: int) -> list[Row]:
        """The next records of this epoch that were never claimed before, in order."""
        if stream not in self._unclaimed:
            return []
        self._unclaimed.discard(stream)
        try:
            found = self.between(stream, (self._claimed[stream], _NO_END), count, most_bytes)
        except JournalUnavailable:
            self._unclaimed.add(stream)
            raise
        if found:
            self._claimed[stream] = found[-1].id
            self._unclaimed.add(stream)
        elif stream is Stream.FACTS:
            self._facts_gone.set()
        return found

    def unclaimed(self) -> bool:
        """Whether some record waits to be claimed."""
        return bool(self._unclaimed)

    def between(self, stream: Stream, ids: tuple[int, int], count: int, most_bytes: int) -> list[Row]:
        """Records with ids[0] < id <= ids[1], in order: at most `count` and `most_bytes`, but at least one."""
        with self._journal.transaction() as db:
            return rows.between(db, stream, ids, count, most_bytes)

    def receive(self, receipts: Sequence[Receipt]) -> dict[Stream, list[int]]:
        """Removes what receipts cover; returns the ids of the records, by stream."""
        pruned: dict[Stream, list[int]] = {stream: [] for stream in Stream}
        with self._journal.transaction() as db:
            for watermark in (watermark for receipt in receipts for watermark in receipt.watermarks):
                pruned[watermark.stream] += prune(db, watermark)
        for stream, ids in pruned.items():
            metrics.PRUNED.labels(stream.value).inc(len(ids))
        return pruned

    def give_up(self, row: Row, reason: str) -> None:
        """Replaces a record that can never be sent by the Lost record that covers it."""
        gone = room.Range(row.stream, row.epoch, row.seq, row.seq)
        with self._journal.transaction() as db:
            if db.execute("DELETE FROM outbox_record WHERE id = ? RETURNING id", (row.id,)).fetchone():
                room.account(db, row.stream, -1, -row.size)
                self._ledger.cover(db, gone, reason, self._claimed[Stream.FACTS])
                self._journal.after_commit(lambda: self._came(Stream.FACTS))
                self._journal.after_commit(lambda: _count_lost(gone, "too_large"))

    def tend(self) -> None:
        """Raises the alarm `outbox-full`, clears it below 80 %, sets the gauges. Once a second is enough."""
        alarm = self._alarm
        with self._journal.transaction() as db:
            used = room.used(db)
            if self._full and alarm is None:
                alarm = new_id()
                db.execute("INSERT INTO outbox_alarm VALUES (?)", (str(alarm),))
                self._announce(db, alarm, used, active=True)
            elif alarm and used < self.capacity * CLEARED_BELOW:
                db.execute("DELETE FROM outbox_alarm")
                self._announce(db, alarm, used, active=False)
                alarm = None
        self._alarm, self._full = alarm, False
        self._gauge(used)

    def pending(self) -> dict[Stream, Pending]:
        """What waits for a receipt, by stream."""
        found = dict.fromkeys(Stream, Pending(0, 0, 0.0))
        oldest = "SELECT at FROM outbox_record WHERE stream = ? ORDER BY id LIMIT 1"
        with self._journal.transaction() as db:
            for name, records, size in db.execute("SELECT stream, records, bytes FROM outbox_total").fetchall():
                at = db.execute(oldest, (name,)).fetchone()
                found[Stream(name)] = Pending(records, size, max(0.0, time.time() - at[0]) if at else 0.0)
        return found

    def _added(self, stream: Stream, given_up: list[room.Range]) -> None:
        for gone in given_up:
            self._full = True
            _count_lost(gone, "full")
        if given_up:
            self._unclaimed.add(Stream.FACTS)
        self._came(stream)

    def _came(self, stream: Stream) -> None:
        if stream is Stream.FACTS:
            self._facts_gone.clear()
        self._unclaimed.add(stream)
        self.appended()

    def _announce(self, db: Connection, alarm_id: UUID, used: int, *, active: bool) -> None:
        # past the bound on purpose: the alarm about a full outbox must find room in it
        condition = AlarmCondition(
            alarm_id=alarm_id, source=self.source, code=FULL_ALARM, subject=self.source, active=active,
            severity=Severity.HIGH, at=datetime.now(UTC), message="The outbox is full: records are dropped or refused",
        )  # fmt: skip
        self._ledger.write(db, condition)
        self._journal.after_commit(lambda: self._came(Stream.FACTS))
        log.warning("outbox_full" if active else "outbox_has_room", used_bytes=used, capacity_bytes=self.capacity)

    def _gauge(self, used: int) -> None:
        metrics.BYTES.set(used)
        metrics.CAPACITY.set(self.capacity)
        for stream, pending in self.pending().items():
            metrics.PENDING.labels(stream.value).set(pending.records)
            metrics.OLDEST.labels(stream.value).set(pending.oldest_s)


def _count_lost(gone: room.Range, reason: str) -> None:
    metrics.LOST.labels(gone.stream.value, reason).inc(gone.last - gone.first + 1)
    log.warning("records_lost", stream=gone.stream, epoch=gone.epoch, first=gone.first, last=gone.last, reason=reason)
