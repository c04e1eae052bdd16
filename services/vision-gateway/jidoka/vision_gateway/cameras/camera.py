"""What every camera can do."""

import math
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

import numpy.typing as npt

Image = bytes | npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Shot:
    """One image as it came: encoded bytes (JPEG, PNG, BMP), or pixels (h, w) or (h, w, 3) BGR of 8 or 16 bits."""

    image: Image
    taken_at: datetime
    origin: str


@dataclass(frozen=True, slots=True)
class Want:
    """What an image is for: a part with its controller's counter, or no part (a timer, the camera's own trigger).

    Times are of `time.monotonic()`: when the part came, and until when an image may be begun to show it.
    """

    counter: int | None = None
    sku: str | None = None
    arrived: float = 0.0
    begin_by: float = math.inf

    def late(self) -> bool:
        """Whether an image begun now would show what came after the part."""
        return time.monotonic() > self.begin_by


class CameraError(Exception):
    """No usable image came. `code`: timeout, offline, unreadable, mismatch, late, refused; it names camera or file."""

    def __init__(self, code: str, reason: str) -> None:
        self.code = code
        super().__init__(reason)


class Camera(Protocol):
    """One camera. It is used by one thread; no call may outlast the time it is given by much."""

    def grab(self, want: Want, until: float) -> Shot:
        """The image that is wanted, before `time.monotonic()` is `until`.

        Raises CameraError; the caller asks again while there is time.
        """

    def glance(self, until: float) -> Shot | None:
        """What the camera shows now, for people and to see whether it answers; None when it shows nothing new.

        Raises CameraError when it does not answer.
        """

    def close(self) -> None:
        """Let go of the device."""


def now() -> datetime:
    """The time of a shot."""
    return datetime.now(UTC)
