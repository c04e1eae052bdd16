"""Whether a camera comes back from its calls: a driver or a share that hangs is told of while it does."""

import math
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from jidoka.vision_gateway import metrics
from jidoka.vision_gateway.cameras.camera import CameraError
from jidoka.vision_gateway.report import Report

HANGS_AFTER = 2.0


class Calls:
    """The camera's thread calls inside `lasting`; the watchdog's calls `watch`."""

    def __init__(self, report: Report, labels: tuple[str, str]) -> None:
        self._report, self._labels = report, labels
        self._lock = threading.Lock()
        self._back_by = math.inf
        self._hangs = False

    @contextmanager
    def lasting(self, until: float) -> Iterator[None]:
        """A call that should be back when `time.monotonic()` is `until`."""
        with self._lock:
            self._back_by = until + HANGS_AFTER
        try:
            yield
        finally:
            with self._lock:
                self._back_by = math.inf

    def watch(self) -> None:
        """Says that the camera is offline, once, while a call does not come back."""
        with self._lock:
            hangs = time.monotonic() > self._back_by
            if hangs and not self._hangs:
                name = "/".join(self._labels)
                self._report.answers(CameraError("offline", f"camera {name} does not come back from a call"))
            self._hangs = hangs
        metrics.HANGING.labels(*self._labels).set(hangs)
