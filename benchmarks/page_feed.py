"""Eight stations' worth of messages for the page's benchmark: parts with verdicts, images, tags and live views."""

import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import count
from typing import Any

import cv2
import numpy as np

from jidoka.runtime.bus import Bus
from jidoka.runtime.journal import Journal
from jidoka.runtime.settings import MqttSettings
from jidoka.schemas import (
    Box,
    CameraVerdict,
    Decision,
    Defect,
    DeviceKind,
    DeviceStatus,
    Evidence,
    Inspection,
    LiveFrame,
    Message,
    ModelRef,
    PartArrived,
    Reason,
    Ruling,
    Scope,
    TagBatch,
    Timings,
    Verdict,
    new_id,
)

STATIONS = tuple(f"AOI{number}" for number in range(1, 9))
SHA = sha256(b"bench").hexdigest()
FAIL_SHARE, LIVE = 0.1, 480
TICK_S = 0.05
LINE = (
    'site = "demo"\nline = "line1"\ntimezone = "Europe/Berlin"\n[[plc]]\nname = "plc1"\nhost = "127.0.0.1"\n'
    + "".join(
        f'[[station]]\nname = "{name}"\nplc = "plc1"\ntag = "{name}"\n'
        '[[station.camera]]\nname = "top"\nkind = "folder"\nfolder = "none"\n'
        for name in STATIONS
    )
)


class Feed:
    """What a line of eight stations publishes, at `rate` verdicts a second in all."""

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._random = random.Random(8)
        self._numbers = count(1)
        self._views = [_view(self._random, LIVE) for _ in range(16)]
        self._images = [_view(self._random, 640) for _ in range(16)]

    def devices(self) -> Iterator[Message]:
        """Controller and cameras are there."""
        now = datetime.now(UTC)
        yield DeviceStatus(kind=DeviceKind.PLC, name="plc1", online=True, source="bench-1", at=now)
        for name in STATIONS:
            camera = f"{name}.top"
            yield DeviceStatus(kind=DeviceKind.CAMERA, name=camera, online=True, station=name, source="bench-1", at=now)

    def due(self, tick: int) -> Iterator[Message]:
        """The messages of one tick of TICK_S."""
        for _ in range(_due(tick, self._rate)):
            yield from self._part()
        for group, tags, period in (("critical", 20, 0.1), ("production", 60, 0.5), ("process", 60, 1.0)):
            if _due(tick, 1 / period):
                values: dict[str, Any] = {f"{group}.T{tag:02d}": self._random.random() * 100 for tag in range(tags)}
                yield TagBatch(plc="plc1", group=group, at=datetime.now(UTC), scan_no=tick + 1, values=values)

    def _part(self) -> Iterator[Message]:
        number, now = next(self._numbers), datetime.now(UTC)
        station, fails = STATIONS[number % 8], self._random.random() < FAIL_SHARE
        verdict = Verdict.FAIL if fails else Verdict.PASS
        arrived = PartArrived(
            part_id=new_id(), station=station, plc="plc1", counter=number, serial=f"SN-{number:08d}", sku="PCB-A",
            batch="B-1", cycle_time_ms=400.0, arrived_at=now, deadline_ms=4000.0,
        )  # fmt: skip
        box = Box(x=100.0, y=120.0, width=60.0, height=50.0)
        inspection = Inspection(
            inspection_id=new_id(), frame_id=new_id(), part_id=arrived.part_id, station=station, camera="top",
            verdict=verdict, quality_score=0.1 if fails else 0.9, width=640, height=640, config_sha256=SHA,
            defects=(Defect(defect_id=new_id(), defect_class="short", confidence=0.9, box=box),) if fails else (),
            model=ModelRef(name="bench", version="1", sha256=SHA), captured_at=now + timedelta(milliseconds=20),
            inspected_at=now + timedelta(milliseconds=80),
            timings=Timings(queue=2.0, decode=3.0, prepare=1.0, model=60.0, finish=0.5),
        )  # fmt: skip
        seen = CameraVerdict(camera="top", inspection_id=inspection.inspection_id, verdict=verdict)
        live = self._random.choice(self._views)
        yield LiveFrame(station=station, camera="top", at=now, width=LIVE, height=LIVE, image=live)
        yield from (arrived, inspection)
        if fails:
            yield self._evidence(inspection)
        yield Decision(
            part_id=arrived.part_id, station=station, plc="plc1", counter=number, config_sha256=SHA, confirmed=True,
            ruling=Ruling.REJECT if fails else Ruling.ACCEPT, reason=Reason.FAILED if fails else Reason.PASSED,
            inspections=(seen,), arrived_at=now, decided_at=now + timedelta(milliseconds=90), latency_ms=90.0,
        )  # fmt: skip

    def _evidence(self, made: Inspection) -> Evidence:
        image = self._random.choice(self._images)
        return Evidence(
            frame_id=made.frame_id, inspection_id=made.inspection_id, part_id=made.part_id, station=made.station,
            camera="top", verdict=made.verdict, captured_at=made.captured_at, width=640, height=640,
            sha256=sha256(image).hexdigest(), image=image,
        )  # fmt: skip


@contextmanager
def feeding(settings: MqttSettings, rate: float) -> Iterator[None]:
    """Publishes until the block ends."""
    feed, over = Feed(rate), threading.Event()

    def work(bus: Bus) -> None:
        begun, tick = time.monotonic(), 0
        for message in feed.devices():
            bus.publish(message)
        while not over.wait(max(0.0, begun + tick * TICK_S - time.monotonic())):
            for message in feed.due(tick):
                bus.publish(message)
            tick += 1

    with Bus(settings, Scope("demo", "line1"), "bench", "bench-1", "0", Journal(None)) as bus:
        worker = threading.Thread(target=work, args=(bus,), name="feed")
        worker.start()
        try:
            yield
        finally:
            over.set()
            worker.join()


def _due(tick: int, per_second: float) -> int:
    """How many of a steady stream fall into this tick."""
    return int((tick + 1) * TICK_S * per_second + 1e-9) - int(tick * TICK_S * per_second + 1e-9)


def _view(source: random.Random, side: int) -> bytes:
    """A JPEG about as large as a board's."""
    image = np.full((side, side, 3), 255, np.uint8)
    for _ in range(40):
        start, end = ([source.randrange(side), source.randrange(side)] for _ in range(2))
        cv2.line(image, start, end, (0, 0, 0), source.randrange(2, 9))
    return cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 80])[1].tobytes()
