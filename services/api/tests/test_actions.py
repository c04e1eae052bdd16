"""What people do travels as a record and is answered after commit."""

from concurrent.futures import ThreadPoolExecutor
from signal import SIGCONT, SIGSTOP
from typing import Any
from uuid import uuid4

import pytest

from jidoka.runtime.testing import until


def test_acknowledging_is_answered_when_it_is_stored(plant: Any, api: Any) -> None:
    alarm, token = plant.alarm(), api.token("operator")
    answer = api.post(f"/alarms/{alarm}/acknowledge", {"comment": "on my way"}, token, Idempotency_Key=str(uuid4()))
    assert answer.status_code == 200, answer.text
    stored = api.get(f"/alarms/{alarm}").json()
    assert (stored["acknowledged_by"], stored["status"], stored["comment"]) == ("operator", "acknowledged", "on my way")
    assert [event["event"] for event in api.get(f"/alarms/{alarm}/events").json()] == ["raised", "acknowledged"]


def test_the_same_key_gets_the_same_answer(plant: Any, api: Any) -> None:
    alarm, token, key = plant.alarm(), api.token("operator"), str(uuid4())
    first = api.post(f"/alarms/{alarm}/acknowledge", {}, token, Idempotency_Key=key)
    again = api.post(f"/alarms/{alarm}/acknowledge", {}, token, Idempotency_Key=key)
    assert first.json() == again.json()
    assert len(plant.sql("SELECT 1 FROM actions WHERE target = %s", alarm)) == 1


def test_of_two_at_once_one_wins_and_the_other_learns_who(plant: Any, api: Any) -> None:
    alarm, names = plant.alarm(), ("operator", "engineer")
    tokens = [api.token(name) for name in names]

    def acknowledge(token: str) -> Any:
        return api.post(f"/alarms/{alarm}/acknowledge", {}, token, Idempotency_Key=str(uuid4()))

    with ThreadPoolExecutor(2) as people:
        answers = dict(zip(names, people.map(acknowledge, tokens), strict=True))
    codes = {name: answer.status_code for name, answer in answers.items()}
    assert sorted(codes.values()) == [200, 409]
    winner = next(name for name, code in codes.items() if code == 200)
    loser = next(answer for answer in answers.values() if answer.status_code == 409)
    assert loser.json()["by"] == winner
    assert loser.json()["at"] == api.get(f"/alarms/{alarm}").json()["acknowledged_at"].replace("Z", "+00:00")


def test_shelving_and_unshelving(plant: Any, api: Any) -> None:
    alarm, token = plant.alarm(), api.token("operator")
    path = f"/alarms/{alarm}"
    assert api.post(f"{path}/shelve", {"minutes": 10}, token, Idempotency_Key="s1").status_code == 200
    assert api.get(path).json()["status"] == "shelved"
    assert api.post(f"{path}/unshelve", {}, token, Idempotency_Key="u1").status_code == 200
    assert api.get(path).json()["status"] == "unacknowledged"


def test_an_alarm_that_is_over_and_acknowledged_is_not_active(plant: Any, api: Any) -> None:
    alarm, token = plant.alarm(), api.token("operator")
    sent = plant.sql("SELECT subject FROM alarms WHERE id = %s", alarm)
    assert str(alarm) in {item["id"] for item in api.get("/alarms", status="active", limit=500).json()["items"]}
    plant.alarm(False, alarm)
    api.post(f"/alarms/{alarm}/acknowledge", {}, token, Idempotency_Key=str(uuid4()))
    until(lambda: api.get(f"/alarms/{alarm}").json()["status"] == "closed", 10, f"the end of {sent}")
    assert str(alarm) not in {item["id"] for item in api.get("/alarms", status="active", limit=500).json()["items"]}
    assert str(alarm) in {item["id"] for item in api.get("/alarms", limit=500).json()["items"]}


def test_a_finding_on_a_defect_can_be_taken_back(plant: Any, api: Any) -> None:
    made, token = plant.part("open"), api.token("operator")
    defect = str(made.inspection.defects[0].defect_id)
    finding = {"part_id": str(made.id), "defect_id": defect, "disposition": "false_call", "comment": "dust"}
    done = api.post("/dispositions", finding, token, Idempotency_Key=str(uuid4()))
    assert done.status_code == 200, done.text
    passport = api.get(f"/parts/{made.id}").json()
    assert passport["inspections"][0]["defects"][0]["disposition"] == "false_call"
    assert passport["dispositions"][0]["actor"] == "operator"
    undo = f"/dispositions/{done.json()['disposition_id']}/undo"
    assert api.post(undo, {}, token, Idempotency_Key=str(uuid4())).status_code == 200
    assert api.get(f"/parts/{made.id}").json()["inspections"][0]["defects"][0]["disposition"] is None


def test_a_finding_on_another_parts_defect_is_refused(plant: Any, api: Any) -> None:
    made, other, token = plant.part("open"), plant.part(), api.token("operator")
    defect = str(made.inspection.defects[0].defect_id)
    finding = {"part_id": str(other.id), "defect_id": defect, "disposition": "false_call"}
    assert api.post("/dispositions", finding, token, Idempotency_Key="1").status_code == 404


def test_without_an_answer_in_time_it_is_504_and_may_be_tried_again(plant: Any, strict: Any) -> None:
    alarm, key, token = plant.alarm(), str(uuid4()), strict.log_in("operator")["access_token"]
    plant.historian.signal(SIGSTOP)
    try:
        late = strict.post(f"/alarms/{alarm}/acknowledge", {}, token, Idempotency_Key=key)
    finally:
        plant.historian.signal(SIGCONT)
    assert (late.status_code, late.headers["retry-after"]) == (504, "2")
    until(lambda: _code(strict, alarm, token, key) == 200, 15, "the answer to the same key")
    assert len(plant.sql("SELECT 1 FROM actions WHERE target = %s", alarm)) == 1


def _code(api: Any, alarm: Any, token: str, key: str) -> int:
    return int(api.post(f"/alarms/{alarm}/acknowledge", {}, token, Idempotency_Key=key).status_code)


def test_every_action_is_in_the_audit_log(plant: Any, api: Any) -> None:
    alarm, token = plant.alarm(), api.token("operator")
    api.post(f"/alarms/{alarm}/acknowledge", {"comment": "noted"}, token, Idempotency_Key="a1")
    entries = api.get("/audit", api.token("admin"), action="alarm.acknowledge", limit=500).json()["items"]
    mine = next(entry for entry in entries if entry["object"] == str(alarm))
    assert (mine["actor"], mine["detail"]["comment"]) == ("operator", "noted")


@pytest.mark.parametrize("headers", [{}, {"Idempotency_Key": ""}, {"Idempotency_Key": "x" * 201}])
def test_an_action_needs_a_key(plant: Any, api: Any, headers: dict[str, str]) -> None:
    assert api.post(f"/alarms/{uuid4()}/acknowledge", {}, api.token("operator"), **headers).status_code == 422
