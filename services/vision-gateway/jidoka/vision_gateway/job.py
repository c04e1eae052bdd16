"""One part at one camera: it ends exactly once, as a frame or as a failed capture."""

import math
import threading
import time
from datetime import UTC, datetime, timedelta

from jidoka.schemas import PartArrived
from jidoka.vision_gateway.cameras.camera import Want


class Job:
    """A part whose image is wanted before `due`, a time of `time.monotonic()`."""

    def __init__(self, part: PartArrived, timeout_ms: float, now: datetime | None = None) -> None:
        self.part = part
        self.started = time.monotonic()
        self.deadline_at = part.arrived_at + timedelta(milliseconds=part.deadline_ms)
        today = now or datetime.now(UTC)
        left = (self.deadline_at - today).total_seconds()
        self._age = max(0.0, (today - part.arrived_at).total_seconds())
        self.stale = part.replayed or left <= 0
        self.due = self.started + min(timeout_ms / 1000, left)
        self._lock = threading.Lock()
        self._ended = False

    def want(self, begin_within_ms: float | None) -> Want:
        """What is asked of the camera; an image begun later than so many milliseconds after the arrival is no use."""
        arrived = self.started - self._age
        begin_by = math.inf if begin_within_ms is None else arrived + begin_within_ms / 1000
        return Want(self.part.counter, self.part.sku, arrived, begin_by)

    def claim(self) -> bool:
        """Whether the caller may end this job; true for the first who asks."""
        with self._lock:
            first, self._ended = not self._ended, True
            return first

    @property
    def ended(self) -> bool:
        """Whether somebody has ended it."""
        return self._ended
