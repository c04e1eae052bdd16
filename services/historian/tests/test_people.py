"""Alarms and people's actions: stored, answered after commit, and answered the same when asked again."""

from datetime import timedelta
from typing import Any

from jidoka.historian.alarms import expire_shelving, rebuilt
from jidoka.historian.line import Retention
from jidoka.historian.policies import apply_retention, delete_old_facts, drop_old
from jidoka.schemas import (
    AcknowledgeAlarm,
    ActionOutcome,
    AlarmCondition,
    AlarmState,
    AlarmStatus,
    Disposition,
    KeepPart,
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


def test_the_first_person_and_the_time_are_told(record: Any, source: Any, other: Any, make: Any) -> None:
    raised, part = condition(make), make.part()
    seen = AcknowledgeAlarm(alarm_id=raised.alarm_id, **who(make))
    keep = KeepPart(part_id=part.part_id, **who(make))
    record.write([*source.send(raised, part), *other.send(seen, keep)])
    late = [
        AcknowledgeAlarm(alarm_id=raised.alarm_id, **who(make, "jan")),
        KeepPart(part_id=part.part_id, **who(make, "jan")),
        KeepPart(part_id=new_id(), **who(make, "jan")),
    ]
    outcomes = published(record.write(other.send(*late)), ActionOutcome)
    assert [(one.applied, one.by, one.first_at) for one in outcomes] == [
        (False, "maria", make.now), (False, "maria", make.now), (False, None, None),
    ]  # fmt: skip
    again = published(record.write(other.send(*late)), ActionOutcome)
    assert {(one.action_id, one.first_at) for one in again} == {(one.action_id, one.first_at) for one in outcomes}


def test_a_kept_part_outlives_every_retention(record: Any, source: Any, other: Any, make: Any) -> None:
    kept, gone = make.part(at=make.now - timedelta(days=13)), make.part(at=make.now - timedelta(days=13))
    seen = {part.part_id: make.inspection(part, "open") for part in (kept, gone)}
    scans = [make.scan(at=kept.arrived_at + timedelta(seconds=30 * n), heat=float(n)) for n in range(-4, 5)]
    record.write(source.send(kept, gone, *scans) + other.send(*seen.values(), *map(make.evidence, seen.values())))
    record.write(source.send(make.decision(kept), make.decision(gone)))
    before = record.one("SELECT part_passport(%s)", kept.part_id)
    record.write(other.send(KeepPart(part_id=kept.part_id, **who(make))))
    late = make.inspection(kept, "short")
    record.write(other.send(late, make.evidence(late)))
    with record.database.transaction() as cursor:
        apply_retention(cursor, Retention(tag_samples_days=31, facts_days=40))
        drop_old(cursor, make.now + timedelta(days=400))
        delete_old_facts(cursor, make.now + timedelta(days=400), Retention(facts_days=40))
    assert record.rows("SELECT id, kept FROM parts") == [(kept.part_id, True)]
    after = record.one("SELECT part_passport(%s)", kept.part_id)
    assert {one["id"] for one in after["inspections"]} == {
        str(one.inspection_id) for one in (seen[kept.part_id], late)
    }  # fmt: skip
    old = next(one for one in after["inspections"] if one["id"] == str(seen[kept.part_id].inspection_id))
    assert old == before["inspections"][0]
    assert (after["tags"], after["decision"], len(after["images"])) == (before["tags"], before["decision"], 2)
    assert all(image["kept"] for image in after["images"])
    assert record.one("SELECT part_passport(%s)", gone.part_id) is None
