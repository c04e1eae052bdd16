"""What copper is made of: tracks, discs, pads and areas, each able to stamp itself onto a mask.

Coordinates and sizes are pixels; a mask is (H, W) uint8 with 0 and 255. `grow` widens a shape
on all sides: its clearance.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.uint8]
Point = tuple[float, float]

_FRACTION_BITS = 4
_ONE = 1 << _FRACTION_BITS


class Shape(Protocol):
    """Anything that can be stamped."""

    def stamp(self, mask: Mask, grow: float = 0.0, value: int = 255) -> None:
        """Paint the shape, `grow` pixels larger on every side, with `value`."""


@dataclass(frozen=True)
class Track:
    """A polyline of one width with round ends."""

    points: Sequence[Point]
    width: float

    def stamp(self, mask: Mask, grow: float = 0.0, value: int = 255) -> None:
        """Paint the polyline."""
        thickness = max(1, round(self.width + 2 * grow))
        cv2.polylines(mask, [fixed_point(self.points)], False, value, thickness, cv2.LINE_8, _FRACTION_BITS)


@dataclass(frozen=True)
class Disc:
    """A filled circle."""

    centre: Point
    radius: float

    def stamp(self, mask: Mask, grow: float = 0.0, value: int = 255) -> None:
        """Paint the circle."""
        x, y = fixed_point([self.centre])[0]
        radius = round((self.radius + grow) * _ONE)
        cv2.circle(mask, (int(x), int(y)), radius, value, cv2.FILLED, cv2.LINE_8, _FRACTION_BITS)


@dataclass(frozen=True)
class Area:
    """A filled convex polygon, its corners rounded by `rounding`."""

    corners: Sequence[Point]
    rounding: float = 0.0

    def stamp(self, mask: Mask, grow: float = 0.0, value: int = 255) -> None:
        """Paint the polygon."""
        outline = fixed_point(self.corners)
        cv2.fillPoly(mask, [outline], value, cv2.LINE_8, _FRACTION_BITS)
        thickness = round(2 * (self.rounding + grow))
        if thickness > 0:
            cv2.polylines(mask, [outline], True, value, thickness, cv2.LINE_8, _FRACTION_BITS)


def pad(centre: Point, width: float, height: float, angle: float = 0.0, rounding: float = 0.0) -> Area:
    """Return a rectangular pad of the given outer size, turned by `angle` radians."""
    half = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * [width / 2 - rounding, height / 2 - rounding]
    cos, sin = np.cos(angle), np.sin(angle)
    turned = half @ np.array([[cos, sin], [-sin, cos]]) + centre
    return Area([(float(x), float(y)) for x, y in turned], rounding)


def fixed_point(points: Sequence[Point]) -> NDArray[np.int32]:
    """Return (N, 2) coordinates with the fraction bits that the drawing calls here are told about."""
    return np.round(np.asarray(points, dtype=np.float64) * _ONE).astype(np.int32)
