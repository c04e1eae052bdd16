"""The life of one alarm by ISA-18.2, as pure functions: sources say conditions, people acknowledge and shelve.

An alarm is a set of facts (raised, cleared, acknowledged, shelved until), and its status follows from them, so the same
facts in another order give the same alarm.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from jidoka.schemas import AlarmCondition, AlarmState, AlarmStatus, Scalar, Severity

LONGEST_SHELVING = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Alarm:
    """One occurrence of a condition. `said_at`: time of the newest true condition; severity and message are from it."""

    id: UUID
    source: str
    code: str
    subject: str
    station: str | None
    severity: Severity
    message: str
    context: Mapping[str, Scalar]
    said_at: datetime | None
    raised_at: datetime
    changed_at: datetime
    cleared_at: datetime | None = None
    acknowledged_by: str | None = None
    acknowledged_at: datetime | None = None
    shelved_by: str | None = None
    shelved_until: datetime | None = None
    comment: str | None = None

    @property
    def active(self) -> bool:
        """Whether the condition is still true."""
        return self.cleared_at is None

    def status(self, now: datetime) -> AlarmStatus:
        """The ISA-18.2 state at a time."""
        if self.shelved_until is not None and self.shelved_until > now:
            return AlarmStatus.SHELVED
        if self.active:
            return AlarmStatus.ACKNOWLEDGED if self.acknowledged_at else AlarmStatus.UNACKNOWLEDGED
        return AlarmStatus.CLOSED if self.acknowledged_at else AlarmStatus.RETURNED

    def state(self, now: datetime) -> AlarmState:
        """What is published of it."""
        return AlarmState(
            alarm_id=self.id,
            source=self.source,
            code=self.code,
            subject=self.subject,
            status=self.status(now),
            active=self.active,
            severity=self.severity,
            message=self.message,
            station=self.station,
            raised_at=self.raised_at,
            cleared_at=self.cleared_at,
            acknowledged_by=self.acknowledged_by,
            acknowledged_at=self.acknowledged_at,
            shelved_by=self.shelved_by,
            shelved_until=self.shelved_until,
            comment=self.comment,
            changed_at=self.changed_at,
        )


@dataclass(frozen=True, slots=True)
class Refusal:
    """A person's action that changes nothing, and who was first and when."""

    reason: str
    by: str | None = None
    first_at: datetime | None = None


def conditioned(alarm: Alarm | None, condition: AlarmCondition, at: datetime) -> Alarm:
    """The alarm after its source said that the condition is true or no longer true."""
    if alarm is None:
        alarm = _born(condition, at)
    elif condition.active and (alarm.said_at is None or at >= alarm.said_at):
        alarm = _said(alarm, condition, at)
    if condition.active:
        return replace(alarm, raised_at=min(alarm.raised_at, at), changed_at=max(alarm.changed_at, at))
    cleared_at = at if alarm.cleared_at is None else min(alarm.cleared_at, at)
    return replace(alarm, cleared_at=cleared_at, changed_at=max(alarm.changed_at, at))


def acknowledged(alarm: Alarm, actor: str, comment: str | None, at: datetime) -> Alarm | Refusal:
    """Somebody has seen it."""
    if alarm.acknowledged_at is not None:
        said = f"acknowledged at {alarm.acknowledged_at.isoformat(timespec='seconds')}"
        return Refusal(said, alarm.acknowledged_by, alarm.acknowledged_at)
    return replace(alarm, acknowledged_by=actor, acknowledged_at=at, comment=comment or alarm.comment, changed_at=at)


def shelved(alarm: Alarm, actor: str, comment: str | None, until: datetime, at: datetime) -> Alarm | Refusal:
    """Somebody silences it until a time; extending an own or another's shelving is allowed."""
    if until <= at:
        return Refusal("the end of the shelving has passed")
    if until > at + LONGEST_SHELVING:
        return Refusal(f"an alarm can be shelved for {LONGEST_SHELVING.days} days at most")
    if alarm.status(at) is AlarmStatus.CLOSED:
        return Refusal("the alarm is closed", alarm.acknowledged_by, alarm.acknowledged_at)
    return replace(alarm, shelved_by=actor, shelved_until=until, comment=comment or alarm.comment, changed_at=at)


def unshelved(alarm: Alarm, comment: str | None, at: datetime) -> Alarm | Refusal:
    """Somebody ends the silence, or its time is over."""
    if alarm.shelved_until is None or alarm.shelved_until <= at:
        return Refusal("the alarm is not shelved")
    return _audible(alarm, comment, at)


def expired(alarm: Alarm, at: datetime) -> Alarm:
    """The shelving's time is over."""
    return _audible(alarm, None, at)


def _audible(alarm: Alarm, comment: str | None, at: datetime) -> Alarm:
    return replace(alarm, shelved_by=None, shelved_until=None, comment=comment or alarm.comment, changed_at=at)


def _born(condition: AlarmCondition, at: datetime) -> Alarm:
    return Alarm(
        id=condition.alarm_id,
        source=condition.source,
        code=condition.code,
        subject=condition.subject,
        station=condition.station,
        severity=condition.severity,
        message=condition.message,
        context=condition.context,
        said_at=at if condition.active else None,
        raised_at=at,
        changed_at=at,
    )


def _said(alarm: Alarm, condition: AlarmCondition, at: datetime) -> Alarm:
    return replace(
        alarm,
        severity=condition.severity,
        message=condition.message,
        context=condition.context,
        station=condition.station,
        said_at=at,
    )
