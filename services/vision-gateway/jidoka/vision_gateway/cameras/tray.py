"""Images that came without being asked for, kept for one camera by their numbers until they are."""

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from jidoka.runtime.logs import log
from jidoka.vision_gateway import metrics
from jidoka.vision_gateway.cameras.camera import Shot

MOST_WAITING = 16
Refused = Literal["double", "late", "overflow", "unreadable"]


@dataclass(frozen=True, slots=True)
class Trouble:
    """An image that came and is of no use: when (`time.monotonic()`), its number where that is known, and why."""

    at: float
    number: int | None
    why: str


class Tray:
    """`seen(number)` hears of every usable image first and says if it may be somebody's."""

    def __init__(self, labels: tuple[str, str]) -> None:
        self._labels = labels
        self._changed = threading.Condition()
        self._waiting: dict[int, Shot] = {}
        self._newest: Shot | None = None
        self._troubles: deque[Trouble] = deque(maxlen=MOST_WAITING)
        self.seen: Callable[[int], bool] = lambda _: True

    def lay(self, number: int, shot: Shot) -> None:
        """An image has come."""
        wanted = self.seen(number)
        with self._changed:
            self._newest = shot
            if not wanted:
                self.refuse("late")
                return
            self._waiting[number] = shot
            while len(self._waiting) > MOST_WAITING:
                self.refuse("overflow")
                del self._waiting[next(iter(self._waiting))]
            self._changed.notify_all()

    def spoil(self, number: int | None, why: str) -> None:
        """An image has come that is of no use; `why` names it."""
        self.refuse("unreadable")
        station, camera = self._labels
        log.warning("image_refused", station=station, camera=camera, reason=why)
        with self._changed:
            self._troubles.append(Trouble(time.monotonic(), number, why))
            self._changed.notify_all()

    def trouble(self, number: int | None, since: float) -> str | None:
        """Why the image with that number is of no use; where a number is not known, the last that came `since`."""
        with self._changed:
            for one in reversed(self._troubles):
                known = number is not None and one.number is not None
                if one.number == number if known else one.at >= since:
                    return one.why
            return None

    def take(self, number: int) -> Shot | None:
        """The image with that number; those before it are late and go."""
        with self._changed:
            shot = self._waiting.pop(number, None)
            if shot:
                for old in [one for one in self._waiting if one < number]:
                    self.refuse("late")
                    del self._waiting[old]
            return shot

    def newest(self) -> Shot | None:
        """The image that came last, once."""
        with self._changed:
            newest, self._newest = self._newest, None
            return newest

    def wait(self, until: float) -> None:
        """Until something comes, or `time.monotonic()` is `until`."""
        with self._changed:
            self._changed.wait(max(0.0, until - time.monotonic()))

    def wake(self) -> None:
        """Let who waits look again."""
        with self._changed:
            self._changed.notify_all()

    def clear(self) -> None:
        """Forget what waits: the numbers begin anew."""
        with self._changed:
            for _ in self._waiting:
                self.refuse("late")
            self._waiting.clear()
            self._troubles.clear()

    def refuse(self, reason: Refused) -> None:
        """Count an image that is not used."""
        metrics.REFUSED.labels(*self._labels, reason).inc()
