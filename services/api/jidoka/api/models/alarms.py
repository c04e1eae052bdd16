"""Alarms and their history."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import Field

from jidoka.api.models.base import Answer
from jidoka.schemas import AlarmStatus, Severity


class Alarm(Answer):
    """One occurrence of one alarm."""

    id: UUID
    code: str = Field(examples=["camera_offline"])
    severity: Severity
    message: str
    station: str | None = None
    status: AlarmStatus
    source: str = Field(examples=["vision-gateway-1"])
    subject: str = Field(description="what it is about", examples=["top"])
    active: bool
    acknowledged_by: str | None = None
    acknowledged_at: datetime | None = None
    cleared_at: datetime | None = None
    shelved_by: str | None = None
    shelved_until: datetime | None = None
    comment: str | None = None
    context: dict[str, Any] = Field(default_factory=dict)
    created_at: datetime = Field(description="when it was raised")
    changed_at: datetime


class AlarmEvent(Answer):
    """One thing that happened to an alarm."""

    id: int
    alarm_id: UUID
    event: str = Field(examples=["acknowledged"])
    actor: str | None = None
    comment: str | None = None
    at: datetime
