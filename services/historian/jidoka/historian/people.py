"""What people did: each action is stored with its answer, so that the same action always gets the same answer."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from uuid import UUID

from jidoka.historian import alarms
from jidoka.historian.alarm import Alarm, Refusal, acknowledged, shelved, unshelved
from jidoka.historian.clock import Fact
from jidoka.historian.database import Cursor
from jidoka.historian.dispositions import record_disposition, undo_disposition
from jidoka.historian.effects import Effects
from jidoka.historian.keeping import keep_part
from jidoka.schemas import (
    AcknowledgeAlarm,
    Action,
    ActionOutcome,
    KeepPart,
    RecordDisposition,
    ShelveAlarm,
    UndoDisposition,
    UnshelveAlarm,
)

_ANSWER = """
INSERT INTO record.actions (id, kind, actor, comment, source, target, created_at, claimed_at,
                            applied, reason, by, first_at, answered_at)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
_ANSWERED = "SELECT id, applied, reason, by, first_at, answered_at FROM record.actions WHERE id = ANY(%s)"

AlarmAction = AcknowledgeAlarm | ShelveAlarm | UnshelveAlarm
_EVENTS: dict[type[Action], str] = {
    AcknowledgeAlarm: "acknowledged",
    ShelveAlarm: "shelved",
    UnshelveAlarm: "unshelved",
}


def store_actions(cursor: Cursor, facts: Sequence[Fact[Action]], effects: Effects) -> None:
    """Carries out actions in order, and answers each; one that was answered before gets that answer again."""
    effects.publish += answers(cursor, [(fact.message.action_id, fact.source) for fact in facts])
    done = {message.action_id for message in effects.publish if isinstance(message, ActionOutcome)}
    for fact in facts:
        if fact.message.action_id in done:
            continue
        done.add(fact.message.action_id)
        refusal = _APPLY[type(fact.message)](cursor, fact, effects)
        effects.publish.append(_answer(cursor, fact, refusal))
        effects.count("actions", 1)


def answers(cursor: Cursor, asked: Iterable[tuple[UUID, str]]) -> list[ActionOutcome]:
    """The stored answers of (action, source) pairs, for those that have one."""
    source_of = dict(asked)
    rows = cursor.execute(_ANSWERED, (list(source_of),)).fetchall()
    return [
        ActionOutcome(
            source=source_of[action], action_id=action, applied=applied, reason=reason, by=by, first_at=first_at, at=at
        )
        for action, applied, reason, by, first_at, at in rows
    ]


def _answer(cursor: Cursor, fact: Fact[Action], refusal: Refusal | None) -> ActionOutcome:
    action = fact.message
    outcome = ActionOutcome(
        source=fact.source,
        action_id=action.action_id,
        applied=refusal is None,
        reason=refusal.reason if refusal else None,
        by=refusal.by if refusal else None,
        first_at=refusal.first_at if refusal else None,
        at=fact.received_at,
    )
    row = (action.action_id, type(action).__name__, action.actor, action.comment, fact.source, _target(action))
    answer = (outcome.applied, outcome.reason, outcome.by, outcome.first_at, outcome.at)
    cursor.execute(_ANSWER, (*row, fact.at, fact.claimed_at, *answer))
    return outcome


def _target(action: Action) -> UUID:
    if isinstance(action, AlarmAction):
        return action.alarm_id
    if isinstance(action, KeepPart):
        return action.part_id
    assert isinstance(action, RecordDisposition | UndoDisposition)
    return action.disposition_id


def _apply_to_alarm(cursor: Cursor, fact: Fact[Action], effects: Effects) -> Refusal | None:
    action = fact.message
    assert isinstance(action, AlarmAction)
    before = alarms.load(cursor, [action.alarm_id]).get(action.alarm_id)
    if before is None:
        return Refusal("there is no such alarm")
    after = _changed(before, action, fact.at)
    if isinstance(after, Refusal):
        return after
    event = (after.id, _EVENTS[type(action)], action.actor, action.comment, fact.at, fact.claimed_at)
    alarms.save(cursor, [after], [event])
    effects.count("alarm_events", 1)
    effects.publish += alarms.published(cursor, [after], fact.received_at)
    return None


def _changed(alarm: Alarm, action: AlarmAction, at: datetime) -> Alarm | Refusal:
    match action:
        case AcknowledgeAlarm():
            return acknowledged(alarm, action.actor, action.comment, at)
        case ShelveAlarm():
            return shelved(alarm, action.actor, action.comment, action.until, at)
        case UnshelveAlarm():
            return unshelved(alarm, action.comment, at)


_APPLY: dict[type[Action], Callable[[Cursor, Fact[Action], Effects], Refusal | None]] = {
    AcknowledgeAlarm: _apply_to_alarm,
    ShelveAlarm: _apply_to_alarm,
    UnshelveAlarm: _apply_to_alarm,
    RecordDisposition: record_disposition,
    UndoDisposition: undo_disposition,
    KeepPart: keep_part,
}
