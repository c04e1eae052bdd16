"""What the gateway must still know after a crash: counters, pending parts with their intents, active alarms.

All of it lives in the service's journal, beside the outbox, so that a part and its message change in one transaction.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from jidoka.plc_gateway.decide import Finding, Visit
from jidoka.runtime.channel import Channel
from jidoka.runtime.outbox import Journal
from jidoka.schemas import CameraVerdict, Reason, Ruling

_TABLES = (
    "CREATE TABLE IF NOT EXISTS counters (station TEXT PRIMARY KEY, epoch INTEGER NOT NULL, last INTEGER NOT NULL)",
    "CREATE TABLE IF NOT EXISTS streaks (station TEXT PRIMARY KEY, fails INTEGER NOT NULL)",
    """CREATE TABLE IF NOT EXISTS pending (
        part_id TEXT PRIMARY KEY, station TEXT NOT NULL, plc TEXT NOT NULL, epoch INTEGER NOT NULL,
        counter INTEGER NOT NULL, serial TEXT, arrived_at TEXT NOT NULL, intent TEXT)""",
    """CREATE TABLE IF NOT EXISTS conditions (
        code TEXT NOT NULL, subject TEXT NOT NULL, record TEXT NOT NULL, PRIMARY KEY (code, subject))""",
)


@dataclass(frozen=True, slots=True)
class Counter:
    """The last part taken of a station; `epoch` grows when the controller begins to count anew."""

    epoch: int
    last: int


@dataclass(frozen=True, slots=True)
class Pending:
    """A part without a Decision; with an intent its ruling is fixed and may already be in the controller."""

    visit: Visit
    epoch: int
    intent: Finding | None


class Ledger:
    """Reads and writes these tables; callers open the transactions that span several calls."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        with journal.transaction() as tx:
            for table in _TABLES:
                tx.execute(table)

    def counter(self, station: str) -> Counter | None:
        """Where the station's count stands, or None before the first part ever."""
        with self._journal.transaction() as tx:
            row = tx.execute("SELECT epoch, last FROM counters WHERE station = ?", (station,)).fetchone()
        return Counter(*row) if row else None

    def count(self, station: str, counter: Counter) -> None:
        """Remember the last part taken."""
        with self._journal.transaction() as tx:
            tx.execute("REPLACE INTO counters VALUES (?, ?, ?)", (station, counter.epoch, counter.last))

    def add(self, pending: Pending) -> None:
        """A part arrived."""
        visit = pending.visit
        row = (
            str(visit.part_id),
            visit.station,
            visit.plc,
            pending.epoch,
            visit.counter,
            visit.serial,
            visit.arrived_at.isoformat(),
            _dump(pending.intent),
        )
        with self._journal.transaction() as tx:
            tx.execute("INSERT INTO pending VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)

    def intend(self, part_id: UUID, finding: Finding) -> None:
        """Fix the ruling of a part before the controller is told."""
        with self._journal.transaction() as tx:
            tx.execute("UPDATE pending SET intent = ? WHERE part_id = ?", (_dump(finding), str(part_id)))

    def remove(self, part_id: UUID) -> None:
        """The part has its Decision."""
        with self._journal.transaction() as tx:
            tx.execute("DELETE FROM pending WHERE part_id = ?", (str(part_id),))

    def pending(self) -> Iterator[Pending]:
        """Parts without a Decision, oldest first."""
        with self._journal.transaction() as tx:
            rows = tx.execute("SELECT * FROM pending ORDER BY rowid").fetchall()
        for part_id, station, plc, epoch, counter, serial, arrived_at, intent in rows:
            visit = Visit(UUID(part_id), station, plc, counter, serial, datetime.fromisoformat(arrived_at))
            yield Pending(visit, epoch, _load(intent))

    def streak(self, station: str) -> int:
        """Rejects in a row at the station."""
        with self._journal.transaction() as tx:
            row = tx.execute("SELECT fails FROM streaks WHERE station = ?", (station,)).fetchone()
        return int(row[0]) if row else 0

    def set_streak(self, station: str, fails: int) -> None:
        """Remember the rejects in a row."""
        with self._journal.transaction() as tx:
            tx.execute("REPLACE INTO streaks VALUES (?, ?)", (station, fails))

    def raise_condition(self, code: str, subject: str, record: str) -> None:
        """Remember an active alarm condition as its message's JSON."""
        with self._journal.transaction() as tx:
            tx.execute("REPLACE INTO conditions VALUES (?, ?, ?)", (code, subject, record))

    def clear_condition(self, code: str, subject: str) -> None:
        """The condition is no longer active."""
        with self._journal.transaction() as tx:
            tx.execute("DELETE FROM conditions WHERE code = ? AND subject = ?", (code, subject))

    def conditions(self) -> list[str]:
        """The active alarm conditions."""
        with self._journal.transaction() as tx:
            return [row[0] for row in tx.execute("SELECT record FROM conditions")]


@dataclass(frozen=True, slots=True)
class Books:
    """What is written together: messages, and the ledger in the same journal."""

    bus: Channel
    journal: Journal
    ledger: Ledger


def _dump(finding: Finding | None) -> str | None:
    if finding is None:
        return None
    verdicts = [verdict.model_dump(mode="json") for verdict in finding.inspections]
    return json.dumps([finding.ruling, finding.reason, finding.detail, verdicts, finding.absent])


def _load(text: str | None) -> Finding | None:
    if text is None:
        return None
    ruling, reason, detail, verdicts, absent = json.loads(text)
    inspections = tuple(CameraVerdict.model_validate(verdict, strict=False) for verdict in verdicts)
    return Finding(Ruling(ruling), Reason(reason), detail, inspections, tuple(absent))
