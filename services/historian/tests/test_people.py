"""Alarms and people's actions: stored, answered after commit, and answered the same when asked again."""

from datetime import timedelta
from typing import Any

from jidoka.historian.alarms import expire_shelving, rebuilt
from jidoka.schemas import (
    AcknowledgeAlarm,
    ActionOutcome,
    AlarmCondition,
    AlarmState,
    AlarmStatus,
    Disposition,
    RecordDisposition,
    Ruling,
    Severity,
    ShelveAlarm,
    UndoDisposition,
    UnshelveAlarm,
    new_id,
)


def condition(make: Any, active: bool = True, **fields: Any) -> AlarmCondition:
    known = {"alarm_id": new_id(), "source": "plc-gateway-1", "code": "hot", "subject": "plc1", "at": make.now}
    severity = {"severity": Severity.HIGH, "message": "Process.Temperature is 91.2", "context": {"value": 91.2}}
    return AlarmCondition(active=active, **(known | severity | fields))


def who(make: Any, actor: str = "maria") -> dict[str, Any]:
    return {"action_id": new_id(), "actor": actor, "at": make.now, "comment": "seen"}


def published(committed: Any, cls: type) -> list[Any]:
    return [message for done in committed for message in done.effects.publish if isinstance(message, cls)]


def test_an_alarm_from_raised_to_closed(record: Any, source: Any, other: Any, make: Any) -> None:
    raised = condition(make)
    (state,) = published(record.write(source.send(raised)), AlarmState)
    assert (state.status, state.active) == (AlarmStatus.UNACKNOWLEDGED, True)
    seen = AcknowledgeAlarm(alarm_id=raised.alarm_id, **who(make))
    done = record.write(other.send(seen))
    assert published(done, AlarmState)[0].status is AlarmStatus.ACKNOWLEDGED
    assert published(done, ActionOutcome)[0].model_dump(include={"source", "applied"}) == {
        "source": "inference-1", "applied": True,
    }  # fmt: skip
    over = raised.model_copy(update={"active": False, "at": make.now + timedelta(seconds=9)})
    assert published(record.write(source.send(over)), AlarmState)[0].status is AlarmStatus.CLOSED
    row = record.one(
        "SELECT code, severity, message, status, acknowledged_by, context->>'value', created_at FROM alarms"
    )
    assert row == ("hot", "high", "Process.Temperature is 91.2", "closed", "maria", "91.2", make.now)
    assert [one for (one,) in record.rows("SELECT event FROM alarm_events ORDER BY id")] == [
        "raised", "acknowledged", "cleared",
    ]  # fmt: skip


def test_the_second_person_is_told_who_was_first(record: Any, source: Any, other: Any, make: Any) -> None:
    raised = condition(make)
    first = AcknowledgeAlarm(alarm_id=raised.alarm_id, **who(make))
    second = AcknowledgeAlarm(alarm_id=raised.alarm_id, **who(make, "jan"))
    done = record.write([*source.send(raised), *other.send(first, second)])
    assert [(one.applied, one.by) for one in published(done, ActionOutcome)] == [(True, None), (False, "maria")]
    assert record.rows("SELECT actor, applied FROM actions ORDER BY applied") == [("jan", False), ("maria", True)]


def test_an_action_sent_again_gets_the_same_answer(record: Any, source: Any, other: Any, make: Any) -> None:
    raised = condition(make)
    seen = AcknowledgeAlarm(alarm_id=raised.alarm_id, **who(make))
    batch = [*source.send(raised), *other.send(seen)]
    first = published(record.write(batch), ActionOutcome)
    assert published(record.write(batch), ActionOutcome) == first
    assert published(record.write(other.send(seen)), ActionOutcome) == first
    assert record.one("SELECT count(*) FROM actions") == 1


def test_shelving_ends_by_itself(record: Any, source: Any, other: Any, make: Any) -> None:
    raised = condition(make)
    until = make.now + timedelta(hours=1)
    record.write([*source.send(raised), *other.send(ShelveAlarm(alarm_id=raised.alarm_id, until=until, **who(make)))])
    assert record.one("SELECT status FROM alarms") == "shelved"
    with record.database.transaction() as cursor:
        assert expire_shelving(cursor, until - timedelta(seconds=1)) == []
        (state,) = expire_shelving(cursor, until + timedelta(seconds=1))
    assert state.status is AlarmStatus.UNACKNOWLEDGED
    done = record.write(other.send(UnshelveAlarm(alarm_id=raised.alarm_id, **who(make))))
    assert published(done, ActionOutcome)[0].reason == "the alarm is not shelved"


def test_states_are_rebuilt_from_the_database_newest_of_each_subject(record: Any, source: Any, make: Any) -> None:
    old = condition(make, at=make.now - timedelta(hours=1))
    new = condition(make)
    apart = condition(make, subject="plc2")
    done = record.write(source.send(new, apart, old))
    assert {one.alarm_id for one in published(done, AlarmState)} == {new.alarm_id, apart.alarm_id}
    with record.database.transaction() as cursor:
        assert {one.alarm_id for one in rebuilt(cursor, make.now)} == {new.alarm_id, apart.alarm_id}


def test_a_judgement_shows_in_the_views_and_keeps_the_images(record: Any, source: Any, other: Any, make: Any) -> None:
    part = make.part()
    seen, late = make.inspection(part, "open"), make.inspection(part, "open")
    decided = make.decision(part, Ruling.REJECT)
    record.write(source.send(part, decided) + other.send(seen, make.evidence(seen)))
    judged = {"part_id": part.part_id, "disposition": Disposition.FALSE_CALL}
    of_defect = RecordDisposition(disposition_id=new_id(), defect_id=seen.defects[0].defect_id, **judged, **who(make))
    of_part = RecordDisposition(disposition_id=new_id(), **judged, **who(make))
    done = record.write(other.send(of_defect, of_part))
    assert [one.applied for one in published(done, ActionOutcome)] == [True, True]
    assert record.one("SELECT disposition FROM parts") == "false_call"
    assert record.one("SELECT disposition FROM defects") == "false_call"
    record.write(other.send(late, make.evidence(late)))
    assert record.rows("SELECT kept FROM images") == [(True,), (True,)]
    undo = UndoDisposition(disposition_id=of_part.disposition_id, **who(make, "jan"))
    again = UndoDisposition(disposition_id=of_part.disposition_id, **who(make, "eva"))
    done = record.write(other.send(undo, again))
    assert [(one.applied, one.by) for one in published(done, ActionOutcome)] == [(True, None), (False, "jan")]
    assert record.one("SELECT disposition FROM parts") is None
    assert record.one("SELECT undone_by FROM dispositions WHERE undone_at IS NOT NULL") == "jan"


def test_a_judgement_of_nothing_is_refused(record: Any, other: Any, make: Any) -> None:
    judged = RecordDisposition(
        disposition_id=new_id(), part_id=new_id(), disposition=Disposition.SCRAP, **who(make)
    )  # fmt: skip
    (outcome,) = published(record.write(other.send(judged)), ActionOutcome)
    assert (outcome.applied, outcome.reason) == (False, "there is no such part")
