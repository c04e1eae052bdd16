"""Every part ends, at each camera of its station, as exactly one frame or one failed capture."""

import hashlib
import itertools
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

import cv2
import numpy as np
import pytest
from prometheus_client import REGISTRY

from jidoka.runtime.errors import OutboxFull
from jidoka.runtime.journal import Journal
from jidoka.runtime.testing import FakeBroker, FakeBus, free_port, until
from jidoka.schemas import AlarmCondition, CaptureFailed, DeviceStatus, Frame, LiveFrame, Stream
from jidoka.vision_gateway.alarms import Alarms
from jidoka.vision_gateway.cameras.camera import CameraError
from jidoka.vision_gateway.crew import Crew
from jidoka.vision_gateway.developing import Picture
from jidoka.vision_gateway.live import LiveView
from jidoka.vision_gateway.stations import read_stations

Start = Callable[..., Crew]


@pytest.fixture
def broker() -> FakeBroker:
    return FakeBroker()


@pytest.fixture
def journal() -> Iterator[Journal]:
    made = Journal(None)
    yield made
    made.close()


@pytest.fixture
def bus(broker: FakeBroker, journal: Journal) -> Iterator[FakeBus]:
    with FakeBus(broker, service="vision-gateway", journal=journal) as made:
        yield made


@pytest.fixture
def crew(bus: FakeBus, journal: Journal, tmp_path) -> Iterator[Start]:
    with ExitStack() as stack:

        def start(*cameras: dict[str, object], deadline_ms: float = 4000) -> Crew:
            tables = {"station": [{"name": "AOI1", "deadline_ms": deadline_ms, "camera": list(cameras)}]}
            stations = read_stations(tables, tmp_path / "line.toml", 3000)
            live = stack.enter_context(LiveView(bus))
            alarms = Alarms(bus, journal, "vision-gateway-1")
            return stack.enter_context(Crew(stations, bus, alarms, live, "vision-gateway-1"))

        yield start


def simulator(url: str, name: str = "top", **more: object) -> dict[str, object]:
    return {"name": name, "kind": "simulator", "url": url, **more}


def test_a_part_gets_its_frame(crew, broker, camera_server, jpeg, picture, part):
    camera_server.shows(5, jpeg(picture(5)))
    at_work, arrived = crew(simulator(camera_server.url)), part(5)
    at_work.capture(arrived)
    until(lambda: broker.messages(Frame))
    (frame,) = broker.messages(Frame)
    assert (frame.part_id, frame.sku, frame.station, frame.camera) == (arrived.part_id, "A", "AOI1", "top")
    assert (frame.width, frame.height, frame.healthy, frame.image) == (320, 240, True, jpeg(picture(5)))
    assert frame.intact()
    assert frame.deadline_at == arrived.arrived_at + timedelta(seconds=4)
    assert broker.messages(CaptureFailed) == []
    (device,) = broker.messages(DeviceStatus)
    assert (device.name, device.online, device.source) == ("AOI1.top", True, "vision-gateway-1")


def test_parts_get_their_own_images_in_their_order(crew, broker, camera_server, jpeg, picture, part):
    at_work, parts = crew(simulator(camera_server.url)), [part(n) for n in range(1, 9)]
    for arrived in parts:
        at_work.capture(arrived)
        camera_server.shows(arrived.counter, jpeg(picture(arrived.counter)), delay=0.05 if arrived.counter == 2 else 0)
    until(lambda: len(broker.messages(Frame)) == 8)
    frames = broker.messages(Frame)
    assert [frame.part_id for frame in frames] == [arrived.part_id for arrived in parts]
    assert [frame.image for frame in frames] == [jpeg(picture(arrived.counter)) for arrived in parts]


def test_every_camera_of_the_station_is_asked(crew, broker, camera_server, jpeg, picture, part):
    camera_server.shows(1, jpeg(picture()))
    url = camera_server.url
    crew(simulator(url), simulator(url, "side")).capture(part(1))
    until(lambda: len(broker.messages(Frame)) == 2)
    assert {frame.camera for frame in broker.messages(Frame)} == {"top", "side"}


def test_a_repeat_takes_no_second_picture(crew, broker, camera_server, jpeg, picture, part):
    camera_server.shows(1, jpeg(picture(1)))
    camera_server.shows(2, jpeg(picture(2)))
    at_work, first = crew(simulator(camera_server.url)), part(1)
    for arrived in (first, first, part(2)):
        at_work.capture(arrived)
    until(lambda: len(broker.messages(Frame)) == 2)
    assert [one for one in camera_server.asked if one] == [1, 2]


def test_a_part_announced_too_late_takes_no_picture(crew, broker, camera_server, jpeg, picture, part):
    camera_server.shows(1, jpeg(picture()))
    at_work = crew(simulator(camera_server.url))
    at_work.capture(part(1, replayed=True))
    at_work.capture(part(1, arrived_at=datetime.now(UTC) - timedelta(seconds=5)))
    assert [failed.code for failed in broker.messages(CaptureFailed)] == ["stale", "stale"]
    assert camera_server.asked.count(1) == 0
    assert broker.messages(AlarmCondition) == []


@pytest.mark.parametrize(
    ("prepare", "code", "says"),
    [
        (lambda server, good: None, "timeout", "no image of part 1"),
        (lambda server, good: server.shows(1, good, sequence=2), "mismatch", "answered with part 2, asked for 1"),
        (lambda server, good: server.shows(1, good[:500]), "unreadable", "truncated JPEG"),
        (lambda server, good: server.shows(1, b"<html>"), "unreadable", "no JPEG"),
        (lambda server, good: server.shows(1, good, status=503), "offline", "answered 503"),
        (lambda server, good: server.shows(1, good, delay=30), "timeout", "not answer in time"),
    ],
)
def test_a_part_without_a_usable_image_is_a_failed_capture_with_an_alarm(
    crew, broker, camera_server, jpeg, picture, part, prepare, code, says
):
    prepare(camera_server, jpeg(picture()))
    at_work, arrived = crew(simulator(camera_server.url, capture_timeout_ms=800)), part(1)
    at_work.capture(arrived)
    until(lambda: broker.messages(AlarmCondition))
    (failed,) = broker.messages(CaptureFailed)
    assert (failed.part_id, failed.code) == (arrived.part_id, code)
    assert says in failed.reason
    (alarm,) = broker.messages(AlarmCondition)
    assert (alarm.code, alarm.subject, alarm.active) == ("capture-failed", "AOI1.top", True)
    camera_server.shows(2, jpeg(picture(2)))
    at_work.capture(part(2))
    until(lambda: len(broker.messages(AlarmCondition)) == 2)
    over = broker.messages(AlarmCondition)[1]
    assert (over.alarm_id, over.active) == (alarm.alarm_id, False)
    assert len(broker.messages(Frame)) == 1


def test_an_image_that_is_damaged_once_is_asked_for_again(crew, broker, camera_server, jpeg, picture, part):
    good = jpeg(picture())
    camera_server.shows(1, good[:500])
    crew(simulator(camera_server.url)).capture(part(1))
    until(lambda: len(camera_server.asked) > 1)
    camera_server.shows(1, good)
    until(lambda: broker.messages(Frame))
    assert broker.messages(CaptureFailed) == []


def test_a_camera_that_is_away_is_offline_and_comes_back(crew, broker, serve, jpeg, picture):
    port = free_port()
    crew(simulator(f"http://127.0.0.1:{port}/camera/AOI1/top"))
    until(lambda: broker.messages(DeviceStatus))
    (away,) = broker.messages(DeviceStatus)
    assert (away.name, away.online) == ("AOI1.top", False)
    assert "refused" in (away.reason or "")
    with serve(port) as server:
        server.shows(3, jpeg(picture()))
        until(lambda: broker.messages(DeviceStatus)[-1].online)
    assert len(broker.messages(DeviceStatus)) >= 2


class Hanging:
    """A camera whose driver does not come back."""

    def __init__(self) -> None:
        self.seconds = 30.0

    def grab(self, counter: int, until: float) -> None:
        end = time.monotonic() + self.seconds
        while time.monotonic() < end and self.seconds:
            time.sleep(0.01)
        raise CameraError("timeout", "back at last")

    def glance(self, until: float) -> None:
        return None

    def close(self) -> None:
        return None


def test_an_image_that_cannot_be_used_is_the_reason_even_if_nothing_more_comes(
    crew, broker, camera_server, jpeg, picture, part
):
    good = jpeg(picture())
    at = good.index(b"\xff\xc0")
    bomb = good[: at + 5] + (30_000).to_bytes(2) * 2 + good[at + 9 :]
    camera_server.shows(1, bomb)
    crew(simulator(camera_server.url, capture_timeout_ms=600)).capture(part(1))
    until(lambda: camera_server.asked)
    camera_server.answers.clear()
    until(lambda: broker.messages(CaptureFailed))
    (failed,) = broker.messages(CaptureFailed)
    assert (failed.code, failed.reason) == (
        "unreadable", f"{camera_server.url}: claims 30000 x 30000 pixels",
    )  # fmt: skip


def test_the_parts_of_a_camera_that_hangs_end_in_time(crew, broker, camera_server, part, monkeypatch):
    monkeypatch.setattr("jidoka.vision_gateway.calls.HANGS_AFTER", 0.1)
    hanging = Hanging()
    monkeypatch.setattr("jidoka.vision_gateway.crew.open_camera", lambda *_: hanging)
    at_work, parts = crew(simulator(camera_server.url, capture_timeout_ms=200)), [part(n) for n in (1, 2, 3)]
    for arrived in parts:
        at_work.capture(arrived)
    until(lambda: len(broker.messages(CaptureFailed)) == 3)
    assert {failed.part_id for failed in broker.messages(CaptureFailed)} == {arrived.part_id for arrived in parts}
    assert {failed.code for failed in broker.messages(CaptureFailed)} == {"timeout"}
    until(lambda: broker.messages(DeviceStatus) and not broker.messages(DeviceStatus)[-1].online)
    assert broker.messages(DeviceStatus)[-1].reason == "camera AOI1/top does not come back from a call"
    labels = {"station": "AOI1", "camera": "top"}
    until(lambda: REGISTRY.get_sample_value("vision_camera_hanging", labels) == 1)
    hanging.seconds = 0
    until(lambda: broker.messages(DeviceStatus)[-1].online)
    until(lambda: REGISTRY.get_sample_value("vision_camera_hanging", labels) == 0)


def test_sick_images_are_marked_from_the_first_and_raise_an_alarm(crew, broker, camera_server, jpeg, picture, part):
    at_work = crew(simulator(camera_server.url))
    black = np.zeros((240, 320, 3), np.uint8)
    images = [picture(1), black, black, picture(2)]
    for counter, image in enumerate(images, 1):
        camera_server.shows(counter, jpeg(image, 80 + counter))
        at_work.capture(part(counter))
    until(lambda: len(broker.messages(Frame)) == 4)
    assert [frame.healthy for frame in broker.messages(Frame)] == [True, False, False, True]
    assert (broker.messages(Frame)[1].health or "").startswith("black")
    until(lambda: len(broker.messages(AlarmCondition)) == 2)
    assert [(alarm.code, alarm.active) for alarm in broker.messages(AlarmCondition)] == [
        ("image-health", True), ("image-health", False),
    ]  # fmt: skip


def test_people_see_a_smaller_live_image(crew, broker, camera_server, jpeg, picture, part):
    camera_server.shows(1, jpeg(picture(1, 1280, 1024)))
    crew(simulator(camera_server.url)).capture(part(1))
    until(lambda: broker.messages(LiveFrame))
    live = broker.messages(LiveFrame)[0]
    assert (live.width, live.height) == (480, 384)
    assert cv2.imdecode(np.frombuffer(live.image, np.uint8), cv2.IMREAD_COLOR).shape == (384, 480, 3)


def test_live_images_come_without_parts(crew, broker, camera_server, jpeg, picture):
    camera_server.shows(1, jpeg(picture(1)))
    at_work = crew(simulator(camera_server.url))
    until(lambda: len(broker.messages(LiveFrame)) >= 2)
    assert at_work.alive()


def test_the_newest_live_image_wins_ten_times_a_second_and_nobody_waits(bus, broker, picture):
    begun, offered = datetime.now(UTC), itertools.count()
    with LiveView(bus) as live:
        while len(broker.messages(LiveFrame)) < 6:
            assert datetime.now(UTC) < begun + timedelta(seconds=20)
            live.offer("AOI1", "top", Picture(b"", "", 640, 480, np.full((48, 64), next(offered) % 200, np.uint8)))
            time.sleep(0.001)
    shown = broker.messages(LiveFrame)
    assert all(one.at >= begun + place * timedelta(milliseconds=100) for place, one in enumerate(shown))
    assert next(offered) > 5 * len(shown)


def test_without_a_broker_a_part_has_no_frame_and_says_so_later(
    crew, broker, journal, bus, camera_server, jpeg, picture, part
):
    camera_server.shows(1, jpeg(picture()))
    at_work = crew(simulator(camera_server.url))
    broker.stop()
    at_work.capture(part(1))
    until(lambda: bus.outbox.pending()[Stream.FACTS].records == 2)  # the failed capture and its alarm
    broker.start()
    assert broker.messages(Frame) == []


def test_stopping_ends_what_is_open(bus, broker, journal, camera_server, part, tmp_path):
    table = {"name": "AOI1", "deadline_ms": 4000, "camera": [simulator(camera_server.url, capture_timeout_ms=1500)]}
    stations = read_stations({"station": [table]}, tmp_path / "line.toml", 1000)
    with LiveView(bus) as live, Crew(stations, bus, Alarms(bus, journal, "v"), live, "v") as at_work:
        parts = [part(n) for n in (1, 2, 3)]
        for arrived in parts:
            at_work.capture(arrived)
        until(lambda: camera_server.asked)
    assert [failed.part_id for failed in broker.messages(CaptureFailed)] == [arrived.part_id for arrived in parts]


def test_an_alarm_outlives_a_restart(bus, broker, journal):
    Alarms(bus, journal, "v").set("capture-failed", "AOI1", "top", "no image")
    again = Alarms(bus, journal, "v")
    again.set("capture-failed", "AOI1", "top", "no image")
    again.set("capture-failed", "AOI1", "top", None)
    raised, cleared = broker.messages(AlarmCondition)
    assert (raised.alarm_id, raised.active, cleared.active) == (cleared.alarm_id, True, False)


def test_a_failed_capture_waits_for_room_in_the_outbox(crew, broker, bus, camera_server, part, monkeypatch):
    at_work, publish = crew(simulator(camera_server.url)), bus.publish

    def full(*_: object) -> None:
        raise OutboxFull("no room")

    monkeypatch.setattr(bus, "publish", full)
    at_work.capture(part(1, replayed=True))
    monkeypatch.setattr(bus, "publish", publish)
    until(lambda: broker.messages(CaptureFailed))
    assert at_work.alive()


def test_the_sha256_of_a_frame_is_of_its_bytes(crew, broker, camera_server, jpeg, picture, part):
    camera_server.shows(1, jpeg(picture()))
    crew(simulator(camera_server.url)).capture(part(1))
    until(lambda: broker.messages(Frame))
    assert broker.messages(Frame)[0].sha256 == hashlib.sha256(jpeg(picture())).hexdigest()
