"""The life of an alarm by ISA-18.2, without a database."""

from datetime import UTC, datetime, timedelta
from itertools import permutations
from uuid import UUID

import pytest

from jidoka.historian.alarm import Alarm, Refusal, acknowledged, conditioned, expired, shelved, unshelved
from jidoka.schemas import AlarmCondition, AlarmStatus, Severity, new_id

AT = datetime(2026, 11, 23, 8, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ID = new_id()


def condition(active: bool, minutes: int, severity: Severity = Severity.HIGH, alarm_id: UUID = ID) -> AlarmCondition:
    return AlarmCondition(
        alarm_id=alarm_id, source="plc-gateway-1", code="hot", subject="plc1", active=active, severity=severity,
        message=f"{severity} at {minutes}", at=AT + minutes * MINUTE,
    )  # fmt: skip


def alarm(*conditions: AlarmCondition) -> Alarm:
    one: Alarm | None = None
    for said in conditions:
        one = conditioned(one, said, said.at)
    assert one is not None
    return one


def test_status_follows_condition_and_acknowledgement() -> None:
    raised = alarm(condition(True, 0))
    seen = acknowledged(raised, "maria", "on my way", AT + MINUTE)
    assert isinstance(seen, Alarm)
    returned = conditioned(raised, condition(False, 2), AT + 2 * MINUTE)
    closed = conditioned(seen, condition(False, 2), AT + 2 * MINUTE)
    now = AT + 3 * MINUTE
    assert [one.status(now) for one in (raised, seen, returned, closed)] == [
        AlarmStatus.UNACKNOWLEDGED,
        AlarmStatus.ACKNOWLEDGED,
        AlarmStatus.RETURNED,
        AlarmStatus.CLOSED,
    ]
    assert (seen.acknowledged_by, seen.comment, closed.cleared_at) == ("maria", "on my way", AT + 2 * MINUTE)


def test_conditions_in_any_order_give_the_same_alarm() -> None:
    said = [condition(True, 0), condition(True, 5, Severity.CRITICAL), condition(False, 9)]
    results = {alarm(*order).state(AT + 10 * MINUTE).model_dump_json() for order in permutations(said)}
    assert len(results) == 1
    assert alarm(*said).severity is Severity.CRITICAL


def test_the_second_to_acknowledge_learns_who_was_first() -> None:
    seen = acknowledged(alarm(condition(True, 0)), "maria", None, AT + MINUTE)
    assert isinstance(seen, Alarm)
    again = acknowledged(seen, "jan", None, AT + 2 * MINUTE)
    assert isinstance(again, Refusal)
    assert again.by == "maria"


def test_shelving_hides_until_its_time_is_over() -> None:
    silent = shelved(alarm(condition(True, 0)), "maria", "known", AT + 60 * MINUTE, AT + MINUTE)
    assert isinstance(silent, Alarm)
    assert silent.status(AT + 59 * MINUTE) is AlarmStatus.SHELVED
    assert silent.status(AT + 61 * MINUTE) is AlarmStatus.UNACKNOWLEDGED
    assert expired(silent, AT + 61 * MINUTE).shelved_until is None
    early = unshelved(silent, None, AT + 5 * MINUTE)
    assert isinstance(early, Alarm)
    assert early.status(AT + 5 * MINUTE) is AlarmStatus.UNACKNOWLEDGED


@pytest.mark.parametrize("minutes", [0, -5, 8 * 24 * 60])
def test_shelving_has_an_end_within_a_week(minutes: int) -> None:
    refused = shelved(alarm(condition(True, 0)), "maria", None, AT + minutes * MINUTE, AT)
    assert isinstance(refused, Refusal)
