"""What other plant systems see on the broker."""

import json
import re

from bus_tap import tap
from line_stack import ROOT, SERVICES, Stack, wait_for

KINDS = (
    "scans/plc1/critical",
    "scans/plc1/process",
    "parts/AOI1",
    "frames/AOI1/top",
    "live/AOI1/top",
    "inspections/AOI1/pass",
    "inspections/AOI1/fail",
    "evidence/AOI1",
    "decisions/AOI1",
    "devices/plc/plc1",
    "devices/camera/AOI1.top",
    "services/historian/historian-1",
    "receipts/plc-gateway-1",
)

RECORDS = ("scans/plc1/critical", "parts/AOI1", "inspections/AOI1/pass", "decisions/AOI1", "evidence/AOI1")


def test_every_kind_of_message_that_the_demo_makes_is_there(line: Stack) -> None:
    line.simulator("rate", {"takt_ms": 400})
    with tap(line.ports["MQTT_PORT"], "jidoka/v1/#") as bus:
        for kind in KINDS:
            wait_for(kind, lambda kind=kind: any(topic.split("/", 4)[4] == kind for topic in bus.topics()), 60)
        known = {json.loads(path.read_text())["title"] for path in (ROOT / "docs/schemas").glob("*.json")}
        assert {user["schema"] for _, _, user in bus.seen} <= known


def test_a_frame_is_a_jpeg_to_any_client(line: Stack) -> None:
    line.simulator("rate", {"takt_ms": 400})
    with tap(line.ports["MQTT_PORT"], "jidoka/v1/demo/line1/frames/#") as bus:
        wait_for("frame", lambda: len(bus.seen) > 0)
    _, payload, user = bus.seen[0]
    assert payload.startswith(b"\xff\xd8")
    assert payload.endswith(b"\xff\xd9")
    assert json.loads(user["meta"])["width"] == 640


def test_a_killed_service_is_reported_offline(line: Stack) -> None:
    status = "jidoka/v1/demo/line1/services/inference/+"
    with tap(line.ports["MQTT_PORT"], status) as bus:
        wait_for("online status", lambda: _last(bus.seen, True))
        line.kill("inference")
        wait_for("offline status", lambda: any(not json.loads(payload)["online"] for _, payload, _ in bus.seen), 60)
        wait_for("online again", lambda: _last(bus.seen, True), 60)
    assert json.loads(bus.seen[-1][1])["version"]


def test_malformed_messages_of_every_kind_change_nothing_but_the_dead_letters(line: Stack) -> None:
    prefix = "jidoka/v1/demo/line1/"
    noise = (
        b"{",
        b"[]",
        b'{"station": 7}',
        b"\xff\xd8 half a jpeg",
        b"\x00" * 100_000,
        b'{"verdict":"pass","reason":"forged","deadline_ms":1e999}',
    )
    before = {name: line.pid(name) for name in SERVICES}
    with tap(line.ports["MQTT_PORT"]) as bus:
        for topic in _addresses():
            for index in range(100):
                bus.post(prefix + topic, noise[index % len(noise)], {"schema": "Nonsense/9"} if index % 2 else None)
        bus.settle()
    counted = "SELECT coalesce(sum(times), 0) AS n FROM dead_letters WHERE topic = %s"
    for topic in RECORDS:
        wait_for(f"dead letters of {topic}", lambda topic=topic: line.sql(counted, prefix + topic)[0]["n"] == 100)
    assert line.metric("historian", "historian_dead_letters_total") >= 100 * len(RECORDS)
    _parts_go_on(line)
    assert {name: line.pid(name) for name in SERVICES} == before


def test_fifty_megabytes_of_noise_are_refused_and_the_line_goes_on(line: Stack) -> None:
    before = {name: line.pid(name) for name in SERVICES}
    with tap(line.ports["MQTT_PORT"]) as bus:
        bus.post("jidoka/v1/demo/line1/parts/AOI1", b"\x00" * 50_000_000, None)
        wait_for("refusal", lambda: not bus.client.is_connected() or bus.dropped, 60)
    _parts_go_on(line)
    assert {name: line.pid(name) for name in SERVICES} == before


def _parts_go_on(line: Stack) -> None:
    newest = line.simulator("account")["AOI1"]["Counter"]
    line.simulator("rate", {"takt_ms": 400})
    decided = "SELECT count(*) AS n FROM decisions WHERE counter > %s"
    wait_for("parts decided afterwards", lambda: line.sql(decided, newest)[0]["n"] >= 3)


def _addresses() -> list[str]:
    """A topic of every message class, from the published document."""
    channels = json.loads((ROOT / "docs/asyncapi.json").read_text())["channels"].values()
    places = {"station": "AOI1", "camera": "top", "plc": "plc1", "group": "critical", "verdict": "pass", "kind": "plc"}
    topics = [channel["address"].split("{line}/")[1] for channel in channels]
    return [re.sub(r"\{(\w+)\}", lambda place: places.get(place[1], "noise"), topic) for topic in topics]


def _last(seen: list[tuple[str, bytes, dict[str, str]]], online: bool) -> bool:
    return bool(seen) and json.loads(seen[-1][1])["online"] is online
