"""What a person did. Each travels as a record; the historian answers with an ActionOutcome after commit."""

from enum import StrEnum

from pydantic import Field

from jidoka.schemas.message import Carriage, Message
from jidoka.schemas.types import Id, Name, Text, UtcTime


class Disposition(StrEnum):
    """A person's finding on a part or on one defect."""

    CONFIRMED = "confirmed"
    FALSE_CALL = "false_call"
    MISSED = "missed"
    REWORK = "rework"
    SCRAP = "scrap"


class Action(Message):
    """Who did it, when, and under which key it may be repeated."""

    action_id: Id = Field(description="the request's Idempotency-Key as a UUID: a repeat has the same")
    actor: Text
    at: UtcTime
    comment: Text | None = None


class AcknowledgeAlarm(Action, topic="commands/acknowledge-alarm", carriage=Carriage.RECORD):
    """Somebody has seen the alarm."""

    alarm_id: Id


class ShelveAlarm(Action, topic="commands/shelve-alarm", carriage=Carriage.RECORD):
    """Somebody silences the alarm for a time."""

    alarm_id: Id
    until: UtcTime


class UnshelveAlarm(Action, topic="commands/unshelve-alarm", carriage=Carriage.RECORD):
    """Somebody ends the silence early."""

    alarm_id: Id


class RecordDisposition(Action, topic="commands/record-disposition", carriage=Carriage.RECORD):
    """Somebody judged a part, or one defect of it."""

    disposition_id: Id
    part_id: Id
    defect_id: Id | None = None
    disposition: Disposition


class UndoDisposition(Action, topic="commands/undo-disposition", carriage=Carriage.RECORD):
    """Somebody takes a disposition back."""

    disposition_id: Id


class KeepPart(Action, topic="commands/keep-part", carriage=Carriage.RECORD):
    """Somebody wants all that is known of a part kept beyond every retention."""

    part_id: Id


class ActionOutcome(Message, topic="outcomes/{source}", carriage=Carriage.STREAM, expiry=60):
    """What the historian committed for one action: applied, or refused because another was first."""

    source: Name = Field(description="the publisher of the action")
    action_id: Id
    applied: bool
    reason: Text | None = None
    by: Text | None = Field(default=None, description="who was first, when refused")
    first_at: UtcTime | None = Field(default=None, description="when they did it")
    at: UtcTime
