"""The gateway's alarm conditions: one message when a condition becomes true, one when it becomes false."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Lock

from jidoka.plc_gateway.ledger import Books
from jidoka.plc_gateway.metrics import ALARMS
from jidoka.runtime.logs import log
from jidoka.schemas import AlarmCondition, Scalar, Severity, new_id


@dataclass(frozen=True, slots=True)
class Alarm:
    """What is wrong when the condition `code` holds for `subject`."""

    code: str
    subject: str
    severity: Severity
    message: str
    station: str | None = None


class Conditions:
    """Remembers what is active in the journal, so that a restart neither forgets nor repeats it. Thread safe."""

    def __init__(self, books: Books, source: str) -> None:
        self._books, self._source = books, source
        self._lock = Lock()
        records = [AlarmCondition.model_validate_json(record) for record in books.ledger.conditions()]
        self._active = {(record.code, record.subject): record for record in records}

    def active(self, code: str, subject: str) -> bool:
        """Whether the condition is active now."""
        return (code, subject) in self._active

    def report(self, active: bool, alarm: Alarm, context: Mapping[str, Scalar] | None = None) -> None:
        """Publish when `active` is a change, otherwise do nothing."""
        with self._lock:
            known = self._active.get((alarm.code, alarm.subject))
            if active and known is None:
                self._raise(alarm, dict(context or {}))
            elif known is not None and not active:
                self._clear(known)

    def keep_only(self, codes: Collection[str]) -> None:
        """Clear what the configuration no longer knows; `codes` are the rules that there are."""
        with self._lock:
            for known in [record for record in self._active.values() if record.code not in codes]:
                self._clear(known)

    def _raise(self, alarm: Alarm, context: dict[str, Scalar]) -> None:
        record = AlarmCondition(
            alarm_id=new_id(),
            source=self._source,
            code=alarm.code,
            subject=alarm.subject,
            active=True,
            severity=alarm.severity,
            message=alarm.message[:500],
            at=datetime.now(UTC),
            station=alarm.station,
            context=context,
        )
        with self._books.journal.transaction():
            self._books.ledger.raise_condition(record.code, record.subject, record.model_dump_json())
            self._books.bus.publish(record)
        self._active[record.code, record.subject] = record
        ALARMS.labels(record.code).inc()
        log.warning("condition_raised", code=record.code, subject=record.subject, message=record.message)

    def _clear(self, known: AlarmCondition) -> None:
        record = known.model_copy(update={"active": False, "at": datetime.now(UTC)})
        with self._books.journal.transaction():
            self._books.ledger.clear_condition(record.code, record.subject)
            self._books.bus.publish(record)
        del self._active[record.code, record.subject]
        log.info("condition_cleared", code=record.code, subject=record.subject)
