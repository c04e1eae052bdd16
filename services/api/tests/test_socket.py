"""The WebSocket: who gets in, what they hear, and what happens to those who do not listen."""

import json
import socket as sockets
import struct
from datetime import UTC, datetime
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from jidoka.runtime.testing import until
from jidoka.schemas import DeviceKind, DeviceStatus, LiveFrame

JPEG = b"\xff\xd8\xff\xe0 live \xff\xd9"


def closed(socket: Any) -> tuple[int, str]:
    """Reads until the server closes: code and reason."""
    try:
        while True:
            socket.recv(20)
    except ConnectionClosed as error:
        assert error.rcvd is not None
        return error.rcvd.code, error.rcvd.reason


def test_a_snapshot_comes_first_and_every_event_after_it_once(plant: Any, api: Any) -> None:
    before = plant.part("open")
    until(lambda: _knows(api, str(before.id)), 10, "the part in a snapshot")
    with api.socket() as socket:
        snapshot = json.loads(socket.recv(10))
        made = [plant.part(store=False) for _ in range(20)]
        ids = [str(part.id) for part in made]
        decided: list[str] = []
        numbers = [snapshot["n"]]
        while len(decided) < len(ids):
            message = json.loads(socket.recv(10))
            numbers.append(message["n"])
            if message["type"] == "decision" and message["data"]["part_id"] in ids:
                decided.append(message["data"]["part_id"])
    assert snapshot["type"] == "snapshot"
    assert snapshot["data"]["stations"][0]["name"] == "AOI1"
    assert decided == ids
    assert numbers == sorted(set(numbers))


def _knows(api: Any, part: str) -> bool:
    with api.socket() as socket:
        return part in {one["id"] for one in json.loads(socket.recv(10))["data"]["parts"]}


def test_what_came_while_nobody_listened_is_in_the_next_snapshot(plant: Any, api: Any) -> None:
    with plant.api() as late:
        made = plant.part("short")
        until(lambda: _knows(late, str(made.id)), 20, "the part in the snapshot")
        with late.socket() as socket:
            data = json.loads(socket.recv(10))["data"]
    part = next(one for one in data["parts"] if one["id"] == str(made.id))
    assert (part["result"], part["serial"]) == ("fail", made.arrived.serial)
    assert str(made.inspection.inspection_id) in {one["id"] for one in data["inspections"]}


def test_counts_follow_the_decisions(plant: Any, api: Any, said: Any) -> None:
    with api.socket() as socket:
        before = json.loads(socket.recv(10))["data"]["stations"][0]["counts"]
        plant.part("open", store=False)
        after = said(socket, lambda message: message["type"] == "station")["data"]["counts"]
    assert after["fail"] == before["fail"] + 1


def test_tags_devices_and_alarms_are_told(plant: Any, api: Any, said: Any, scan: Any) -> None:
    with api.socket() as socket:
        socket.recv(10)
        plant.publish(scan(Live_Tag=7.0))
        assert said(socket, lambda message: message["type"] == "tags")["data"]["values"] == {"Live.Tag": 7.0}
        status = DeviceStatus(
            kind=DeviceKind.CAMERA, name="top", online=True, station="AOI1", source="test-1", at=datetime.now(UTC)
        )
        plant.publish(status)
        assert said(socket, lambda message: message["type"] == "device")["data"]["online"] is True
        alarm = plant.alarm()
        told = said(socket, lambda message: message["type"] == "alarm" and message["data"]["id"] == str(alarm))
    assert told["data"]["status"] == "unacknowledged"
    assert [device["name"] for device in api.get("/devices").json()] == ["top"]


def test_a_subscription_narrows_what_is_told(plant: Any, api: Any, scan: Any) -> None:
    with api.socket() as socket:
        socket.recv(10)
        wanted = {"type": "subscribe", "kinds": ["tags", "decision"], "tags": ["Wanted.Tag"], "stations": ["AOI1"]}
        socket.send(json.dumps(wanted))
        messages: list[dict[str, Any]] = []
        while not messages or messages[-1]["type"] != "snapshot":
            messages.append(json.loads(socket.recv(10)))
        assert messages[-1]["data"]["parts"] == []
        plant.publish(scan(Other_Tag=1.0), scan(Wanted_Tag=2.0, Other_Tag=3.0))
        made = plant.part("open", store=False)
        heard: list[dict[str, Any]] = []
        while {message["type"] for message in heard} != {"tags", "decision"}:
            heard.append(json.loads(socket.recv(10)))
    assert [one["data"]["part_id"] for one in heard if one["type"] == "decision"] == [str(made.id)]
    assert [one["data"]["values"] for one in heard if one["type"] == "tags"] == [{"Wanted.Tag": 2.0}]


def _show(plant: Any) -> None:
    plant.publish(LiveFrame(station="AOI1", camera="top", at=datetime.now(UTC), width=64, height=48, image=JPEG))


def test_live_images_come_as_binary_messages_when_asked_for(plant: Any, api: Any) -> None:
    with api.socket() as socket:
        socket.send(json.dumps({"type": "subscribe", "kinds": [], "live": ["AOI1/top"]}))
        message: Any = ""
        while not isinstance(message, bytes):
            _show(plant)
            message = socket.recv(10)
    (size,) = struct.unpack(">I", message[:4])
    head = json.loads(message[4 : 4 + size])
    assert (head["station"], head["camera"], head["width"]) == ("AOI1", "top", 64)
    assert message[4 + size :] == JPEG


def test_the_newest_live_image_and_the_stream(plant: Any, api: Any) -> None:
    def newest() -> bool:
        _show(plant)
        return bool(api.get("/live/AOI1/top").content == JPEG)

    until(newest, 10, "the live image")
    with api.http.stream("GET", "/api/v1/live/AOI1/top/stream.mjpeg") as stream:
        assert stream.headers["content-type"].startswith("multipart/x-mixed-replace")
        assert JPEG in next(stream.iter_bytes())
    assert api.get("/live/AOI1/side").status_code == 404


@pytest.mark.parametrize("ticket", ["", "forged", "x" * 200])
def test_without_a_ticket_nobody_gets_in(api: Any, ticket: str) -> None:
    with connect(f"ws://127.0.0.1:{api.port}/api/v1/ws?ticket={ticket}") as socket:
        assert closed(socket)[0] == 4401


def test_a_ticket_opens_once(api: Any) -> None:
    ticket = api.post("/ws-ticket").json()["ticket"]
    address = f"ws://127.0.0.1:{api.port}/api/v1/ws?ticket={ticket}"
    with connect(address) as first:
        assert json.loads(first.recv(10))["type"] == "snapshot"
        with connect(address) as second:
            assert closed(second)[0] == 4401


def test_a_ticket_is_over_after_its_time(plant: Any, api: Any) -> None:
    ticket = api.post("/ws-ticket").json()["ticket"]
    plant.sql("UPDATE auth.tickets SET expires_at = now() - interval '1 second'")
    with connect(f"ws://127.0.0.1:{api.port}/api/v1/ws?ticket={ticket}") as socket:
        assert closed(socket)[0] == 4401


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1"])
def test_foreign_pages_do_not_get_in(api: Any, origin: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        api.socket(origin=origin)
    assert refused.value.response.status_code == 403


def test_our_own_page_gets_in(api: Any) -> None:
    with api.socket(origin=f"http://127.0.0.1:{api.port}") as socket:
        assert json.loads(socket.recv(10))["type"] == "snapshot"


def test_another_lines_person_is_turned_away(api: Any) -> None:
    admin = api.token("admin")
    new = {"username": "ws-elsewhere", "password": "long enough 1", "role": "viewer"}
    user = api.post("/users", new, admin).json()
    token = str(api.log_in("ws-elsewhere", "long enough 1")["access_token"])
    ticket = api.post("/ws-ticket", token=token).json()["ticket"]
    headers = {"Authorization": f"Bearer {admin}"}
    with connect(f"ws://127.0.0.1:{api.port}/api/v1/ws?ticket={ticket}") as socket:
        json.loads(socket.recv(10))
        api.http.patch(f"/api/v1/users/{user['id']}", json={"lines": ["demo/line2"]}, headers=headers)
        assert closed(socket)[0] == 4403
    assert api.post("/ws-ticket", token=token).status_code == 403


def test_a_log_out_closes_the_socket(api: Any) -> None:
    tokens = api.log_in("operator")
    with api.socket(tokens["access_token"]) as socket:
        json.loads(socket.recv(10))
        api.post("/auth/logout", {"refresh_token": tokens["refresh_token"]})
        assert closed(socket) == (4401, "the session is over")


def test_the_end_of_the_token_closes_the_socket(plant: Any, api: Any) -> None:
    ticket = api.post("/ws-ticket", token=api.token("operator")).json()["ticket"]
    plant.sql("UPDATE auth.tickets SET person = jsonb_set(person, '{expires_at}', to_jsonb(now() + interval '1 s'))")
    with connect(f"ws://127.0.0.1:{api.port}/api/v1/ws?ticket={ticket}") as socket:
        assert closed(socket) == (4401, "the token has expired")


@pytest.mark.parametrize("word", ["{", '{"kinds": ["nonsense"]}', '{"extra": 1}', '{"tags": 7}', b"\x00\x01"])
def test_words_without_meaning_close_the_socket(api: Any, word: str | bytes) -> None:
    with api.socket() as socket:
        socket.send(word)
        assert closed(socket)[0] == 1008


def test_a_message_that_is_too_large_closes_the_socket(api: Any) -> None:
    with api.socket() as socket:
        socket.send("x" * 100_000)
        assert closed(socket)[0] == 1009


def test_a_client_that_does_not_read_loses_only_its_own_connection(plant: Any, api: Any, said: Any) -> None:
    with api.socket() as listener, Deaf(api):
        json.loads(listener.recv(10))
        made: list[str] = []

        def dropped() -> bool:
            made.extend(str(plant.part(*["open"] * 20, store=False).id) for _ in range(50))
            slow = [line for line in _metrics(api) if line.startswith("jidoka_api_slow_clients_total ")]
            return float(slow[0].split()[1]) >= 1

        until(dropped, 60, "the slow client's end")
        heard: set[str] = set()
        while heard != set(made):
            message = said(listener, lambda message: message["type"] == "decision")
            heard.add(message["data"]["part_id"])
    assert len(heard) == len(made)


def test_telemetry_of_a_client_that_does_not_read_is_coalesced(plant: Any, api: Any, said: Any, scan: Any) -> None:
    before = _slow(api)
    with api.socket() as listener, Deaf(api):
        json.loads(listener.recv(10))
        text = "x" * 400
        for number in range(1500):
            values = {f"Slow_T{tag:02d}": text for tag in range(25)}
            plant.publish(scan(Slow_Number=float(number), **values))
        heard = said(
            listener, lambda one: one["type"] == "tags" and one["data"]["values"].get("Slow.Number") == 1499.0, 60
        )
        slow = _slow(api)
    assert heard["n"] > 0
    assert slow == before, "more scans than its queue holds are no reason to close it: only the newest waits"


def _number(event: dict[str, Any]) -> Any:
    return event["data"]["values"].get("Slow.Number")


def _slow(api: Any) -> float:
    return float(next(line for line in _metrics(api) if line.startswith("jidoka_api_slow_clients_total ")).split()[1])


def _metrics(api: Any) -> list[str]:
    return list(api.http.get("/metrics").text.splitlines())


class Deaf:
    """A client that shakes hands and never reads again."""

    def __init__(self, api: Any) -> None:
        ticket = api.post("/ws-ticket").json()["ticket"]
        self._socket = sockets.socket()
        self._socket.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 4096)
        self._socket.connect(("127.0.0.1", api.port))
        request = f"GET /api/v1/ws?ticket={ticket} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        request += "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
        self._socket.sendall(request.encode())

    def __enter__(self) -> None:
        return None

    def __exit__(self, *_: object) -> None:
        self._socket.close()


def test_there_is_a_ceiling_of_clients(strict: Any) -> None:
    with strict.socket() as first:
        json.loads(first.recv(10))
        with strict.socket() as second:
            assert closed(second) == (1013, "too many clients")
