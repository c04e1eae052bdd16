"""Database or broker away: answers say so, nothing hangs, and it mends itself."""

import json
import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from signal import SIGCONT, SIGSTOP, Signals
from typing import Any

import httpx

from jidoka.runtime.testing import Mosquitto, Postgres, until

READS = ("/parts", "/stations", "/kpis", "/alarms", "/tags")


def test_it_starts_without_database_and_broker(plant: Any) -> None:
    url = "postgresql://jidoka_api@127.0.0.1:1/nothing"
    with plant.api(wait=False, DATABASE_URL=url, MQTT_PORT="1") as api:
        until(lambda: _answers(api), 20, "an answer")
        health = api.http.get("/api/health").json()
        ready = api.http.get("/api/health/ready")
        parts = api.get("/parts")
    assert set(health["errors"]) == {"database", "broker"}
    assert ready.status_code == 503
    assert set(ready.json()["errors"]) == {"database", "broker"}
    assert (parts.status_code, parts.headers["content-type"]) == (503, "application/problem+json")
    assert int(parts.headers["retry-after"]) >= 1


def _answers(api: Any) -> bool:
    try:
        return bool(api.http.get("/api/health").status_code == 200)
    except httpx.HTTPError:
        return False


def test_reads_are_503_while_the_database_is_away_and_mend(plant: Any, api: Any, said: Any) -> None:
    database: Postgres = plant.database
    assert api.get("/parts").status_code == 200
    with api.socket() as socket:
        json.loads(socket.recv(10))
        database.stop()
        answers = [api.get(path) for path in READS]
        away = said(socket, lambda message: message["type"] == "links" and not message["data"]["database"])
        live_ones = [api.get("/devices").status_code, api.get("/line").status_code]
        database.start()
        until(lambda: all(api.get(path).status_code == 200 for path in READS), 30, "answers again")
        back = said(socket, lambda message: message["type"] == "links" and message["data"]["database"])
    assert [answer.status_code for answer in answers] == [503] * len(READS)
    assert all(answer.headers["retry-after"] for answer in answers)
    assert (away["data"]["broker"], back["data"]["broker"]) == (True, True)
    assert live_ones == [200, 200]


def test_who_was_logged_in_keeps_seeing_the_live_line_while_the_database_is_away(plant: Any, api: Any) -> None:
    token = api.token("operator")
    assert api.get("/devices", token).status_code == 200
    plant.database.stop()
    try:
        codes = [api.get("/devices", token).status_code, api.get("/parts", token).status_code]
        login = api.post("/auth/login", {"username": "operator", "password": "operator"})
    finally:
        plant.database.start()
    until(lambda: api.get("/parts", token).status_code == 200, 30, "parts again")
    assert codes == [200, 503]
    assert login.status_code == 503


def test_the_socket_says_that_the_broker_is_away_and_goes_on(plant: Any, api: Any, said: Any) -> None:
    broker: Mosquitto = plant.broker
    alarm, operator = plant.alarm(), api.token("operator")
    with api.socket() as socket:
        json.loads(socket.recv(10))
        broker.kill()
        said(socket, lambda message: message["type"] == "links" and not message["data"]["broker"], 30)
        codes = [api.get(path).status_code for path in READS]
        refused = api.post(f"/alarms/{alarm}/acknowledge", {}, operator, Idempotency_Key="1")
        broker.start()
        said(socket, lambda message: message["type"] == "links" and message["data"]["broker"], 30)
        made = plant.part("open", store=False)
        decided = said(socket, lambda message: message["type"] == "decision", 30)
    assert codes == [200] * len(READS)
    assert (refused.status_code, refused.json()["detail"]) == (503, "the broker does not answer: nothing was done")
    assert decided["data"]["part_id"] == str(made.id)


def test_a_frozen_database_is_503_in_time_and_mends(plant: Any, api: Any) -> None:
    server = plant.database.process.pid
    frozen = [server, *_children(server)]
    _signal(frozen, SIGSTOP)
    try:
        with ThreadPoolExecutor(len(READS)) as people:
            answers = list(people.map(api.get, READS))
        health = api.http.get("/api/health").status_code
    finally:
        _signal(frozen, SIGCONT)
    until(lambda: all(api.get(path).status_code == 200 for path in READS), 30, "answers again")
    assert [answer.status_code for answer in answers] == [503] * len(READS)
    assert all(answer.headers["retry-after"] for answer in answers)
    assert health == 200


def _children(parent: int) -> list[int]:
    stats = [path.read_text().rsplit(") ", 1) for path in Path("/proc").glob("[0-9]*/stat") if path.exists()]
    return [int(head.split(" ", 1)[0]) for head, rest in stats if int(rest.split()[1]) == parent]


def _signal(processes: list[int], number: Signals) -> None:
    for process in processes:
        with suppress(ProcessLookupError):
            os.kill(process, number)
