"""Frames that no part asks for, and parts that come while their camera is busy."""

import itertools
import threading
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from jidoka.runtime.journal import Journal
from jidoka.runtime.testing import FakeBroker, FakeBus, until
from jidoka.schemas import AlarmCondition, CaptureFailed, Frame, LiveFrame
from jidoka.vision_gateway.alarms import Alarms
from jidoka.vision_gateway.cameras.camera import CameraError, Shot
from jidoka.vision_gateway.crew import Crew
from jidoka.vision_gateway.live import LiveView
from jidoka.vision_gateway.stations import read_stations


class Grey:
    """A camera that gives grey images, each lighter than the last, or fails; a call takes `seconds`."""

    def __init__(self) -> None:
        self.calls = itertools.count(60)
        self.failure: CameraError | None = None
        self.wants = []
        self.seconds = 0.0
        self.go = threading.Event()

    def grab(self, want, until: float) -> Shot:
        self.wants.append(want)
        self.go.wait(self.seconds)
        if self.failure:
            raise self.failure
        image = np.full((48, 64), next(self.calls) % 200, np.uint8)
        image[10:30] += 40
        return Shot(image, datetime.now(UTC), "grey")

    def glance(self, until: float) -> None:
        return None

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def broker() -> FakeBroker:
    return FakeBroker()


@pytest.fixture
def at_work(broker, tmp_path, monkeypatch):
    camera, made = Grey(), []
    monkeypatch.setattr("jidoka.vision_gateway.crew.open_camera", lambda *_: camera)

    def start(**more: object):
        table = {"name": "top", "kind": "usb", "device": "/dev/video0", "capture_timeout_ms": 300} | more
        table = {key: value for key, value in table.items() if value is not None}
        tables = {"station": [{"name": "AOI1", "deadline_ms": 4000, "camera": [table]}]}
        stations = read_stations(tables, tmp_path / "line.toml", 1000)
        journal = Journal(None)
        bus = FakeBus(broker, service="vision-gateway", journal=journal).__enter__()
        live = LiveView(bus).__enter__()
        crew = Crew(stations, bus, Alarms(bus, journal, "v"), live, "v").__enter__()
        made.append((crew, live, bus, journal))
        return crew, camera

    yield start
    for crew, live, bus, journal in made:
        for one in (crew, live, bus):
            one.__exit__(None, None, None)
        journal.close()


def test_a_timer_makes_frames_without_a_part(at_work, broker, part):
    begun = datetime.now(UTC)
    crew, camera = at_work(trigger="timer", period_ms=50)
    crew.capture(part(1))
    until(lambda: len(broker.messages(Frame)) >= 5)
    frames = broker.messages(Frame)
    assert {(frame.part_id, frame.deadline_at, frame.healthy) for frame in frames} == {(None, None, True)}
    assert all(frame.captured_at >= begun + place * timedelta(milliseconds=50) for place, frame in enumerate(frames))
    assert {want.counter for want in camera.wants} == {None}
    until(lambda: broker.messages(LiveFrame))


def test_a_timer_without_an_image_raises_an_alarm_and_clears_it(at_work, broker):
    _, camera = at_work(trigger="timer", period_ms=50)
    camera.failure = CameraError("timeout", "camera AOI1/top: nothing came")
    until(lambda: [alarm for alarm in broker.messages(AlarmCondition) if alarm.active])
    camera.failure = None
    until(lambda: not broker.messages(AlarmCondition)[-1].active)
    assert broker.messages(AlarmCondition)[0].code == "capture-failed"
    assert broker.messages(CaptureFailed) == []


def test_a_part_that_has_gone_before_its_camera_is_free_fails_and_no_image_of_the_next_is_taken(at_work, broker, part):
    crew, camera = at_work(begin_within_ms=600, capture_timeout_ms=3000)
    camera.seconds = 1.0
    for counter in (1, 2):
        crew.capture(part(counter))
    until(lambda: broker.messages(CaptureFailed))
    (failed,) = broker.messages(CaptureFailed)
    assert (failed.code, len(camera.wants)) == ("late", 1)
    until(lambda: broker.messages(Frame))
    camera.go.set()
    crew.capture(part(3))
    until(lambda: len(broker.messages(Frame)) == 2)
    assert camera.wants[-1].begin_by - camera.wants[-1].arrived == pytest.approx(0.6)


def test_a_file_of_no_use_raises_an_alarm_although_no_part_waits(at_work, broker):
    _, camera = at_work(kind="ftp", device=None, user="top", name_pattern=r"(?P<counter>\d+)", trigger="free")
    camera.failure = CameraError("unreadable", "camera AOI1/top: 7.jpg: a truncated JPEG")
    until(lambda: broker.messages(AlarmCondition))
    (alarm,) = broker.messages(AlarmCondition)
    assert (alarm.code, alarm.active) == ("capture-failed", True)
    assert "7.jpg" in alarm.message
    camera.failure = None
    until(lambda: not broker.messages(AlarmCondition)[-1].active)
