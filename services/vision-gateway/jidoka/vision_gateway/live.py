"""Live images for people: the newest one wins, and nobody waits for them."""

import threading
import time
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

import cv2
import numpy as np

from jidoka.schemas import LiveFrame
from jidoka.vision_gateway import metrics
from jidoka.vision_gateway.alarms import Publisher
from jidoka.vision_gateway.developing import Picture

PERIOD = 0.1
HEAD_START = 0.05
"""The part's own frame is on its way through the same process meanwhile, and a person does not see the difference."""
WIDTH = 480
QUALITY = 70


class LiveView:
    """A thread that publishes at most ten images a second of each camera, downscaled."""

    def __init__(self, bus: Publisher) -> None:
        self._bus = bus
        self._newest: dict[tuple[str, str], Picture] = {}
        self._lock = threading.Lock()
        self._offered = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(target=self._work, name="live", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping = True
        self._offered.set()
        self._thread.join(timeout=2)

    def offer(self, station: str, camera: str, picture: Picture) -> None:
        """This is what the camera saw last."""
        with self._lock:
            self._newest[station, camera] = picture
        self._offered.set()

    def _work(self) -> None:
        while not self._stopping:
            self._offered.wait()
            started = time.monotonic()
            time.sleep(HEAD_START)
            self._offered.clear()
            with self._lock:
                newest, self._newest = self._newest, {}
            for (station, camera), picture in newest.items():
                self._bus.publish(live_frame(station, camera, picture))
                metrics.LIVE.labels(station, camera).inc()
            time.sleep(max(0.0, started + PERIOD - time.monotonic()))


def live_frame(station: str, camera: str, picture: Picture) -> LiveFrame:
    """The small copy of a picture, at most 480 pixels wide, as a JPEG of quality 70."""
    small = picture.small
    if small.shape[1] > WIDTH:
        size = (WIDTH, max(1, round(small.shape[0] * WIDTH / small.shape[1])))
        small = np.asarray(cv2.resize(small, size, interpolation=cv2.INTER_AREA), np.uint8)
    _, data = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    height, width = small.shape[:2]
    return LiveFrame(
        station=station, camera=camera, at=datetime.now(UTC), width=width, height=height, image=data.tobytes()
    )
