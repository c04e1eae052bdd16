"""The historian's own alarm conditions: published when they change, cleared by quiet time or by their cause."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from jidoka.historian.database import Cursor
from jidoka.schemas import AlarmCondition, Message, Severity, new_id

QUIET = timedelta(minutes=10)

_ACTIVE = "SELECT id, code, subject, severity, message FROM record.alarms WHERE source = %s AND cleared_at IS NULL"


@dataclass(slots=True)
class _Condition:
    alarm_id: UUID
    severity: Severity
    message: str
    until: datetime | None


class Conditions:
    """Which conditions of this source are true."""

    def __init__(self, publish: Callable[[Message], None], source: str) -> None:
        self._publish, self._source = publish, source
        self._active: dict[tuple[str, str], _Condition] = {}

    def load(self, cursor: Cursor) -> None:
        """What the database has as true and nobody here knows of, from before a stop: it ends after a quiet time."""
        quiet = datetime.now(UTC) + QUIET
        for alarm_id, code, subject, severity, message in cursor.execute(_ACTIVE, (self._source,)).fetchall():
            self._active.setdefault((code, subject), _Condition(alarm_id, Severity(severity), message, quiet))

    def is_true(self, code: str, subject: str, severity: Severity, message: str) -> None:
        """The condition holds until `is_over`."""
        self._set(code, subject, severity, message, None)

    def happened(self, code: str, subject: str, severity: Severity, message: str) -> None:
        """The condition holds until it has not happened for a quiet time."""
        self._set(code, subject, severity, message, datetime.now(UTC) + QUIET)

    def is_over(self, code: str, subject: str) -> None:
        """The condition no longer holds."""
        condition = self._active.pop((code, subject), None)
        if condition:
            self._say(code, subject, condition, active=False)

    def tick(self, now: datetime) -> None:
        """Ends what has been quiet long enough."""
        for code, subject in [key for key, one in self._active.items() if one.until is not None and one.until <= now]:
            self.is_over(code, subject)

    def _set(self, code: str, subject: str, severity: Severity, message: str, until: datetime | None) -> None:
        known = self._active.get((code, subject))
        if known:
            known.until = until
            return
        condition = _Condition(new_id(), severity, message, until)
        self._say(code, subject, condition, active=True)
        self._active[code, subject] = condition

    def _say(self, code: str, subject: str, condition: _Condition, active: bool) -> None:
        self._publish(
            AlarmCondition(
                alarm_id=condition.alarm_id,
                source=self._source,
                code=code,
                subject=subject,
                active=active,
                severity=condition.severity,
                message=condition.message[:500],
                at=datetime.now(UTC),
            )
        )
