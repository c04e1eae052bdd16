"""What the historian does between batches: roll-ups, expiry, partitions, retention, looking for gaps and at disks."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from jidoka.historian import metrics, policies, room
from jidoka.historian.alarms import expire_shelving
from jidoka.historian.conditions import Conditions
from jidoka.historian.database import Cursor, Database
from jidoka.historian.line import Retention
from jidoka.runtime.errors import TransientError
from jidoka.runtime.logs import log
from jidoka.schemas import Message, Severity

GAP_AGE = timedelta(minutes=1)
RETRY_S = 60.0
SETTLE = timedelta(seconds=5)
MINUTES_A_TURN = 5

_GAPS = "SELECT source, sum(missing)::bigint FROM public.custody_gaps WHERE last_at < %s GROUP BY source"
_OPEN = "SELECT count(*) FROM record.dead_letters WHERE resolved_at IS NULL"


@dataclass(slots=True)
class _Task:
    work: Callable[[Cursor], bool]
    every: float
    due: float = 0.0


class Upkeep:
    """Tasks, each in a transaction of its own. A task that has more to do is due again at once."""

    def __init__(
        self,
        database: Database,
        publish: Callable[[Message], None],
        conditions: Conditions,
        retention: Retention,
        data_dir: Path,
    ) -> None:
        self._database, self._publish, self._data_dir = database, publish, data_dir
        self._conditions, self._retention = conditions, retention
        self._gaps: set[str] = set()
        self._tasks = {
            "partitions": _Task(self._partitions, 3600),
            "rollups": _Task(self._roll_up, 5),
            "figures": _Task(self._figures, 5),
            "shelving": _Task(self._shelving, 2),
            "watch": _Task(self._watch, 15),
            "room": _Task(self._watch_room, 60),
            "retention": _Task(self._drop_old, 3600),
            "old_facts": _Task(self._delete_old, 600),
        }

    def prepare(self) -> None:
        """What must be there before the first record: partitions and policies. Raises TransientError."""
        with self._database.transaction() as cursor:
            policies.make_partitions(cursor, datetime.now(UTC))
            policies.apply_retention(cursor, self._retention)

    def turn(self) -> None:
        """Runs the tasks that are due; one that fails for an outside reason is tried again in a minute."""
        self._conditions.tick(datetime.now(UTC))
        for name, task in self._tasks.items():
            started = time.monotonic()
            if started < task.due:
                continue
            task.due = started + task.every
            try:
                self._committed: list[Message] = []
                with self._database.transaction() as cursor:
                    cursor.execute("SET LOCAL lock_timeout = '2s'")
                    more = task.work(cursor)
            except TransientError as error:
                task.due = started + RETRY_S
                metrics.UPKEEP_FAILURES.labels(name).inc()
                log.warning("upkeep_failed", task=name, reason=str(error))
                continue
            for message in self._committed:
                self._publish(message)
            if more:
                task.due = started
            metrics.UPKEEP_SECONDS.labels(name).observe(time.monotonic() - started)

    def _partitions(self, cursor: Cursor) -> bool:
        policies.make_partitions(cursor, datetime.now(UTC))
        return False

    def _roll_up(self, cursor: Cursor) -> bool:
        closed = datetime.now(UTC) - SETTLE
        row = cursor.execute("SELECT record.roll_up_tags(%s, %s)", (closed, MINUTES_A_TURN)).fetchone()
        return row is not None and row[0] == MINUTES_A_TURN

    def _figures(self, cursor: Cursor) -> bool:
        days = self._retention.facts_days
        keep_from = datetime.now(UTC) - timedelta(days=days) if days else datetime(2000, 1, 1, tzinfo=UTC)
        row = cursor.execute("SELECT record.roll_up_figures(%s, %s)", (MINUTES_A_TURN, keep_from)).fetchone()
        return row is not None and row[0] == MINUTES_A_TURN

    def _shelving(self, cursor: Cursor) -> bool:
        self._committed += expire_shelving(cursor, datetime.now(UTC))
        return False

    def _drop_old(self, cursor: Cursor) -> bool:
        dropped = policies.drop_old(cursor, datetime.now(UTC))
        if dropped:
            log.info("retention", dropped=dropped)
        return False

    def _delete_old(self, cursor: Cursor) -> bool:
        policies.forget_old_epochs(cursor)
        return policies.delete_old_facts(cursor, datetime.now(UTC), self._retention) >= policies.DELETE_ROWS

    def _watch(self, cursor: Cursor) -> bool:
        self._conditions.load(cursor)
        row = cursor.execute(_OPEN).fetchone()
        letters = row[0] if row else 0
        metrics.DEAD_LETTERS_OPEN.set(letters)
        if letters:
            message = f"{letters} messages were set aside: python -m jidoka.historian dead-letters list"
            self._conditions.is_true("dead_letters", "historian", Severity.MEDIUM, message)
        else:
            self._conditions.is_over("dead_letters", "historian")
        self._watch_gaps(cursor)
        return False

    def _watch_room(self, cursor: Cursor) -> bool:
        for whose, share, message in room.filled(cursor, self._data_dir, self._retention):
            metrics.DISK_USED.labels(whose).set(share)
            if share >= room.FULL:
                self._conditions.is_true("disk_nearly_full", whose, Severity.HIGH, message)
            elif share < room.ROOM_AGAIN:
                self._conditions.is_over("disk_nearly_full", whose)
        return False

    def _watch_gaps(self, cursor: Cursor) -> None:
        rows = cursor.execute(_GAPS, (datetime.now(UTC) - GAP_AGE,)).fetchall()
        gaps: dict[str, int] = dict(rows)
        for source in self._gaps - set(gaps):
            metrics.GAPS.labels(source).set(0)
            self._conditions.is_over("record_gap", source)
        for source, missing in gaps.items():
            metrics.GAPS.labels(source).set(missing)
            message = f"{missing} numbered records of {source} have not come although later ones have"
            self._conditions.is_true("record_gap", source, Severity.HIGH, message)
        self._gaps = set(gaps)
