"""Milliseconds from a grabbed frame to its publishing, against a bare JPEG encode of the same pixels.

1280x1024 grey and colour, as a GigE camera gives them, and the same as JPEG, which passes through. Health is measured
and the bus is real, with a broker beside it. Both sides get the same pixels in turn.
"""

import statistics
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime

import cv2
import numpy as np
import numpy.typing as npt

from figures import quantile
from jidoka.runtime.bus import Bus
from jidoka.runtime.journal import Journal
from jidoka.runtime.logs import configure_logs
from jidoka.runtime.memory import keep_freed_memory
from jidoka.runtime.testing import mosquitto
from jidoka.schemas import PartArrived, Scope, new_id
from jidoka.simulator.boards import Appearance, draw
from jidoka.vision_gateway.alarms import Alarms
from jidoka.vision_gateway.bench import Bench
from jidoka.vision_gateway.cameras.camera import Shot
from jidoka.vision_gateway.job import Job
from jidoka.vision_gateway.judge import HealthJudge
from jidoka.vision_gateway.learning import learn
from jidoka.vision_gateway.line import Processing
from jidoka.vision_gateway.report import Report

SIZE = (1280, 1024)
ROUNDS, WARM_UP, BOARDS = 300, 30, 8
PACE = 0.02
Image = npt.NDArray[np.uint8]
Publish = Callable[[Job, Image | bytes], None]


def main() -> None:
    """Prints the ratio for each kind of frame."""
    cv2.setNumThreads(1)
    keep_freed_memory()
    configure_logs("error")
    with ExitStack() as stack:
        broker = stack.enter_context(mosquitto())
        journal = stack.enter_context(Journal(None))
        bus = stack.enter_context(
            Bus(broker.settings, Scope("demo", "line1"), "vision-gateway", "bench-1", "0", journal)
        )
        if not bus.settled(10):
            raise SystemExit("capture: the broker did not answer")
        for name, appearance, encoded in (
            ("grey", Appearance.LINESCAN, False),
            ("colour", Appearance.PHOTO, False),
            ("colour as JPEG", Appearance.PHOTO, True),
        ):
            images = [cv2.resize(draw(seed, "BOARD-A", appearance=appearance).image, SIZE) for seed in range(BOARDS)]
            _measure(name, images, encoded, _publisher(bus, journal, images))


def _publisher(bus: Bus, journal: Journal, images: list[Image]) -> Publish:
    """What the worker does with a shot."""
    bench, how = Bench(("AOI1", "top")), Processing()
    limits = learn([bench.develop(Shot(image, datetime.now(UTC), "bench"), how)[1] for image in images])
    judge = HealthJudge(limits)
    report = Report(bus, Alarms(bus, journal, "bench-1"), "bench-1", "AOI1", "top")

    def publish(job: Job, image: Image | bytes) -> None:
        shot = Shot(image, datetime.now(UTC), "bench")
        picture, figures = bench.develop(shot, how)
        report.frame(job, shot, picture, judge.sick(picture, figures))

    return publish


def _measure(name: str, images: list[Image], encoded: bool, publish: Publish) -> None:
    quality = [cv2.IMWRITE_JPEG_QUALITY, 85]
    ours, bare = [], []
    for index in range(ROUNDS + WARM_UP):
        image = images[index % len(images)]
        given = cv2.imencode(".jpg", image, quality)[1].tobytes() if encoded else image
        job = Job(_part(), 3000)
        begun = time.perf_counter()
        publish(job, given)
        published = time.perf_counter()
        time.sleep(PACE)  # the broker has its own work with the frame
        alone = time.perf_counter()
        cv2.imencode(".jpg", image, quality)
        done = time.perf_counter()
        if index >= WARM_UP:
            ours.append((published - begun) * 1000)
            bare.append((done - alone) * 1000)
    mine, other = statistics.median(ours), statistics.median(bare)
    print(
        f"capture {SIZE[0]}x{SIZE[1]} {name}: grabbed to published {mine:.2f} ms (p99 {quantile(ours, 0.99):.2f}),"
        f" bare encode {other:.2f} ms; ratio {mine / other:.2f} (goal 1.2)"
    )


def _part() -> PartArrived:
    return PartArrived(
        part_id=new_id(), station="AOI1", plc="plc1", counter=1, arrived_at=datetime.now(UTC), deadline_ms=4000
    )


if __name__ == "__main__":
    main()
