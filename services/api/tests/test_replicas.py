"""Two replicas behind a balancer that sends each request to the other one than the last: nobody notices."""

import json
from itertools import cycle
from typing import Any
from uuid import uuid4

from websockets.sync.client import connect

from jidoka.runtime.testing import until


def test_a_persons_work_goes_on_at_whichever_replica_is_asked(plant: Any, api: Any, said: Any) -> None:
    with plant.api() as other:
        turn = cycle((api, other))
        tokens = next(turn).log_in("operator")
        tokens = next(turn).post("/auth/refresh", {"refresh_token": tokens["refresh_token"]}).json()
        token, alarm, key = tokens["access_token"], plant.alarm(), str(uuid4())
        ticket = next(turn).post("/ws-ticket", token=token).json()["ticket"]
        with connect(f"ws://127.0.0.1:{next(turn).port}/api/v1/ws?ticket={ticket}") as socket:
            said(socket, lambda message: message["type"] == "snapshot")
            asked = [next(turn).post(f"/alarms/{alarm}/acknowledge", {}, token, Idempotency_Key=key) for _ in range(2)]
            told = said(socket, lambda one: one["type"] == "alarm" and one["data"]["status"] == "acknowledged", 20)[
                "data"
            ]
        whole = [item["id"] for item in api.get("/alarms", token, limit=6).json()["items"]]
        pages = _pages(turn, token, len(whole))
        next(turn).post("/auth/logout", {"refresh_token": tokens["refresh_token"]})
        until(lambda: next(turn).get("/me", token).status_code == next(turn).get("/me", token).status_code == 401, 10,
              "both replicas' refusal")  # fmt: skip
    assert [answer.status_code for answer in asked] == [200, 200]
    assert asked[0].json() == asked[1].json()
    assert (told["id"], told["acknowledged_by"]) == (str(alarm), "operator")
    assert len(plant.sql("SELECT 1 FROM actions WHERE target = %s", alarm)) == 1
    assert pages == whole


def test_what_one_replica_did_is_told_at_the_other(plant: Any, api: Any, said: Any) -> None:
    with plant.api() as other, api.socket() as here, other.socket() as there:
        snapshots = [json.loads(socket.recv(10))["type"] for socket in (here, there)]
        made = plant.part("open", store=False)
        told = [
            said(one, lambda message: message["type"] == "decision" and message["data"]["part_id"] == str(made.id))
            for one in (here, there)
        ]
    assert snapshots == ["snapshot", "snapshot"]
    assert told[0]["data"] == told[1]["data"]


def _pages(turn: Any, token: str, count: int) -> list[str]:
    """The newest alarms, one a page, each page of another replica."""
    found: list[str] = []
    after: dict[str, str] = {}
    while len(found) < count:
        page = next(turn).get("/alarms", token, limit=1, **after).json()
        found += [item["id"] for item in page["items"]]
        after = {"after": page["next"]}
    return found
