"""Alarms: what a source says of a condition, and what the historian says of the alarm's life (ISA-18.2)."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from jidoka.schemas.message import Carriage, Message
from jidoka.schemas.types import Id, Name, Scalar, Text, UtcTime


class Severity(StrEnum):
    """By consequence and time to respond."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class AlarmStatus(StrEnum):
    """State of one alarm by ISA-18.2."""

    UNACKNOWLEDGED = "unacknowledged"
    ACKNOWLEDGED = "acknowledged"
    RETURNED = "returned"
    CLOSED = "closed"
    SHELVED = "shelved"


class AlarmCondition(Message, topic="conditions/{source}/{code}/{subject}", carriage=Carriage.RECORD, retain=True):
    """A condition became true or false. The newest one stays retained."""

    alarm_id: Id = Field(description="of this occurrence: born when it becomes true, the same when it becomes false")
    source: Name
    code: Name
    subject: Name = Field(description="what it is about: a station, PLC, camera, service")
    active: bool
    severity: Severity
    message: Text
    at: UtcTime
    station: Name | None = None
    context: Annotated[dict[Name, Scalar], Field(max_length=50)] = Field(default_factory=dict)


class AlarmState(Message, topic="alarms/{source}/{code}/{subject}", carriage=Carriage.STATE):
    """One alarm as the historian committed it."""

    alarm_id: Id
    source: Name
    code: Name
    subject: Name
    status: AlarmStatus
    active: bool
    severity: Severity
    message: Text
    station: Name | None = None
    raised_at: UtcTime
    cleared_at: UtcTime | None = None
    acknowledged_by: Text | None = None
    acknowledged_at: UtcTime | None = None
    shelved_by: Text | None = None
    shelved_until: UtcTime | None = None
    comment: Text | None = None
    changed_at: UtcTime
