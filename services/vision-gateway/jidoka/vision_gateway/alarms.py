"""Alarm conditions of this service, published when they change; what is active outlives a restart."""

import threading
from datetime import UTC, datetime
from typing import Protocol
from uuid import UUID

from jidoka.runtime.journal import Journal
from jidoka.schemas import AlarmCondition, Message, Severity, new_id

TABLE = "CREATE TABLE IF NOT EXISTS active_alarms (code TEXT, subject TEXT, alarm_id TEXT, PRIMARY KEY (code, subject))"


class Publisher(Protocol):
    """The part of the bus that is needed here."""

    @property
    def connected(self) -> bool:
        """Whether the broker is there."""

    def publish(self, message: Message, traceparent: str | None = None) -> None:
        """Send a message."""


class Alarms:
    """Raises and clears conditions. The id of an occurrence is born when it is raised and kept until it is cleared."""

    def __init__(self, bus: Publisher, journal: Journal, source: str) -> None:
        self._bus, self._journal, self._source = bus, journal, source
        self._lock = threading.Lock()
        with journal.transaction() as tx:
            tx.execute(TABLE)
            rows = tx.execute("SELECT code, subject, alarm_id FROM active_alarms").fetchall()
        self._active = {(code, subject): UUID(alarm_id) for code, subject, alarm_id in rows}

    def set(
        self, code: str, station: str, camera: str, message: str | None, severity: Severity = Severity.HIGH
    ) -> None:
        """The condition is active with this message, or, without one, not active. Nothing is sent when it was so."""
        key = code, f"{station}.{camera}"
        with self._lock:
            if (message is not None) == (key in self._active):
                return
            alarm_id = self._active[key] if message is None else new_id()
            condition = AlarmCondition(
                alarm_id=alarm_id,
                source=self._source,
                code=code,
                subject=key[1],
                active=message is not None,
                severity=severity,
                message=(message or "over")[:500],
                at=datetime.now(UTC),
                station=station,
            )
            with self._journal.transaction() as tx:
                if message is None:
                    tx.execute("DELETE FROM active_alarms WHERE code = ? AND subject = ?", key)
                else:
                    tx.execute("INSERT INTO active_alarms VALUES (?, ?, ?)", (*key, str(alarm_id)))
                self._bus.publish(condition)
            if message is None:
                del self._active[key]
            else:
                self._active[key] = alarm_id
