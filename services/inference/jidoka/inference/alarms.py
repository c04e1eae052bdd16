"""The alarm of a model that was refused; what is active outlives a restart."""

import re
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from jidoka.inference.inspector import Publisher
from jidoka.runtime.journal import Journal
from jidoka.schemas import AlarmCondition, Severity, new_id

CODE = "model-refused"
TABLE = "CREATE TABLE IF NOT EXISTS refused_models (subject TEXT PRIMARY KEY, alarm_id TEXT)"


class RefusedModels:
    """Raised when a file is refused, cleared when one of that name is taken over."""

    def __init__(self, bus: Publisher, journal: Journal, source: str) -> None:
        self._bus, self._journal, self._source = bus, journal, source
        with journal.transaction() as tx:
            tx.execute(TABLE)
            rows = tx.execute("SELECT subject, alarm_id FROM refused_models").fetchall()
        self._active = {subject: UUID(alarm_id) for subject, alarm_id in rows}

    def set(self, path: Path, reason: str | None) -> None:
        """This file was refused for a reason, or, without one, taken over."""
        subject = _name(path)
        active = self._active.get(subject)
        if (reason is None) == (active is None):
            return
        alarm_id = active or new_id()
        condition = AlarmCondition(
            alarm_id=alarm_id,
            source=self._source,
            code=CODE,
            subject=subject,
            active=reason is not None,
            severity=Severity.MEDIUM,
            message=(reason or f"{path} is in use")[:500],
            at=datetime.now(UTC),
        )
        with self._journal.transaction() as tx:
            if reason is None:
                tx.execute("DELETE FROM refused_models WHERE subject = ?", (subject,))
            else:
                tx.execute("INSERT INTO refused_models VALUES (?, ?)", (subject, str(alarm_id)))
            self._bus.publish(condition)
        if reason is None:
            del self._active[subject]
        else:
            self._active[subject] = alarm_id


def _name(path: Path) -> str:
    return re.sub(r"[^A-Za-z0-9_.-]", "-", path.stem).lstrip("-._")[:64] or "model"
