"""The API's one alarm: replicas share nothing while Redis is away. What is active outlives a restart."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

from jidoka.runtime.errors import TransientError
from jidoka.runtime.journal import Journal
from jidoka.runtime.logs import log
from jidoka.schemas import AlarmCondition, Severity, new_id

CODE, SUBJECT = "redis-away", "redis"
TABLE = "CREATE TABLE IF NOT EXISTS redis_alarm (single INTEGER PRIMARY KEY CHECK (single = 1), alarm_id TEXT)"
PATIENCE = 2


class RedisAlarm:
    """Raised when Redis was away at `PATIENCE` probes in a row, cleared by the first good one."""

    def __init__(self, publish: Callable[[AlarmCondition], None], journal: Journal, source: str) -> None:
        self._publish, self._journal, self._source = publish, journal, source
        self._failed = 0
        with journal.transaction() as tx:
            tx.execute(TABLE)
            rows = tx.execute("SELECT alarm_id FROM redis_alarm").fetchall()
        self._active: UUID | None = UUID(rows[0][0]) if rows else None

    async def told(self, error: str | None) -> None:
        """What a probe found; None is well, or no Redis wanted any more."""
        self._failed = self._failed + 1 if error else 0
        if (error is None and self._active) or (self._failed >= PATIENCE and self._active is None):
            try:
                await asyncio.to_thread(self._change, error)
            except TransientError as refused:
                log.warning("alarm_not_kept", reason=str(refused))

    def _change(self, error: str | None) -> None:
        alarm_id = self._active or new_id()
        detail = "Redis answers" if error is None else f"{error}: rate limits and cached answers are each replica's own"
        condition = AlarmCondition(
            alarm_id=alarm_id, source=self._source, code=CODE, subject=SUBJECT, active=error is not None,
            severity=Severity.LOW, message=detail, at=datetime.now(UTC),
        )  # fmt: skip
        with self._journal.transaction() as tx:
            tx.execute("DELETE FROM redis_alarm")
            if error is not None:
                tx.execute("INSERT INTO redis_alarm VALUES (1, ?)", (str(alarm_id),))
            self._publish(condition)
        self._active = alarm_id if error is not None else None
