"""A camera that exposes by its own trigger and counts its images."""

import threading
import time
from typing import Protocol

from jidoka.vision_gateway.cameras.camera import CameraError, Shot, Want
from jidoka.vision_gateway.cameras.pairing import Disagreement, Pairing
from jidoka.vision_gateway.cameras.tray import Tray

LOOK_AGAIN = 0.05


class Counted(Protocol):
    """What line.toml says of how its images are counted."""

    @property
    def offset(self) -> int | None:
        """The number of an image less the part's counter."""

    @property
    def window_ms(self) -> float:
        """How far apart part and image come."""

    @property
    def settle_ms(self) -> float:
        """The pause after which an offset may be learned."""


class WiredCamera:
    """The part's image is the one whose number is the part's counter plus `offset`, if it came at the part's time.

    `window` and `settle` in seconds; without an offset it is learned after a pause of `settle`: see Pairing.
    """

    def __init__(self, name: str, box: Tray, settings: Counted) -> None:
        self._name, self._box = name, box
        self._pairing = Pairing(
            settings.window_ms / 1000, settings.offset, settings.settle_ms / 1000, since=time.monotonic()
        )
        self._lock = threading.Lock()
        self._looked = time.monotonic()
        box.seen = self._exposed

    def grab(self, want: Want, until: float) -> Shot:
        """The part's image; without a part the next one that comes. Raises CameraError."""
        if want.counter is None:
            return self._next(until)
        with self._lock:
            self._pairing.part(want.counter, want.arrived)
        while True:
            shot = self._find(want.counter)
            if shot:
                return shot
            if time.monotonic() >= until:
                raise self._missing(want.counter, want.arrived)
            self._box.wait(min(until, time.monotonic() + LOOK_AGAIN))

    def glance(self, until: float) -> Shot | None:  # noqa: ARG002 - the protocol's
        """The image that came last."""
        return self._box.newest()

    def close(self) -> None:
        """Nothing is held open."""

    def _next(self, until: float) -> Shot:
        while True:
            shot = self._box.newest()
            if shot:
                return shot
            since, self._looked = self._looked, time.monotonic()
            trouble = self._box.trouble(None, since)
            if trouble:
                raise CameraError("unreadable", f"{self._name}: {trouble}")
            if time.monotonic() >= until:
                raise CameraError("timeout", f"{self._name}: no image came")
            self._box.wait(min(until, time.monotonic() + LOOK_AGAIN))

    def _find(self, counter: int) -> Shot | None:
        try:
            with self._lock:
                number = self._pairing.number(counter, time.monotonic())
        except Disagreement as error:
            self._box.clear()
            raise CameraError("mismatch", f"{self._name}: {error}") from error
        return self._box.take(number) if number is not None else None

    def _exposed(self, number: int) -> bool:
        with self._lock:
            self._pairing.exposed(number, time.monotonic())
        return True

    def _missing(self, counter: int, arrived: float) -> CameraError:
        offset = self._pairing.offset
        trouble = self._box.trouble(None if offset is None else counter + offset, arrived)
        if trouble:
            return CameraError("unreadable", f"{self._name}: {trouble}")
        if offset is None:
            return CameraError(
                "mismatch", f"{self._name}: its count and the controller's are compared anew after the next pause"
            )
        return CameraError("timeout", f"{self._name}: no image of part {counter} came")
