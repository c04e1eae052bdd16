"""Where defects can be: narrow places to bridge or cut, edges to bite, wide places to leave an island in.

One class serves copper and the space between copper alike: an open cuts the first as a short cuts the second.
"""

from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from jidoka.simulator.boards.shapes import Mask, Point

_MARGIN = 22
"""Defects keep this far from the border of the image, in pixels, so that their boxes lie inside."""

_REACH = 64
_ANGLES = np.linspace(0, np.pi, 16, endpoint=False)


class Sites:
    """Places in the set pixels of one mask (H, W); points are (x, y)."""

    def __init__(self, mask: Mask, holes: Mask) -> None:
        self._mask = mask
        self._holes = holes
        self.depth: NDArray[np.float32] = np.asarray(cv2.distanceTransform(mask, cv2.DIST_L2, 5), np.float32)
        """Distance of each pixel to the nearest pixel outside the mask."""

    def island(self, rng: np.random.Generator) -> Point | None:
        """Return a point with at least 7 pixels of mask around it."""
        return _one_of(self._deep, rng)

    def edge(self, rng: np.random.Generator) -> tuple[Point, Point] | None:
        """Return a point on the edge and the unit vector from there into the mask."""
        point = _one_of(self._edges, rng)
        if point is None:
            return None
        x, y = int(point[0]), int(point[1])
        around = self.depth[y - 4 : y + 5, x - 4 : x + 5]
        down, right = np.gradient(around)
        inward = np.array([right.mean(), down.mean()])
        length = float(np.hypot(*inward))
        if length < 0.1:
            return None
        return point, (float(inward[0] / length), float(inward[1] / length))

    def narrows(self, rng: np.random.Generator) -> tuple[Point, Point] | None:
        """Return the two sides of a place at most 64 pixels wide, the shortest way across it."""
        middle = _one_of(self._ridge, rng)
        if middle is None:
            return None
        forth = np.array([self._ray(middle, angle) for angle in _ANGLES])
        back = np.array([self._ray(middle, angle + np.pi) for angle in _ANGLES])
        best = int(np.argmin(forth + back))
        if forth[best] + back[best] > _REACH:
            return None
        way = np.array([np.cos(_ANGLES[best]), np.sin(_ANGLES[best])])
        (x1, y1), (x2, y2) = np.array(middle) - way * back[best], np.array(middle) + way * forth[best]
        return (float(x1), float(y1)), (float(x2), float(y2))

    def _ray(self, start: Point, angle: float) -> float:
        """Return the distance to the first pixel outside the mask, or infinity when the image ends before."""
        steps = np.arange(_REACH)
        xs = np.round(start[0] + steps * np.cos(angle)).astype(int)
        ys = np.round(start[1] + steps * np.sin(angle)).astype(int)
        height, width = self._mask.shape
        inside = (xs >= 0) & (ys >= 0) & (xs < width) & (ys < height)
        ends = np.flatnonzero(self._mask[ys[inside], xs[inside]] == 0)
        return float(ends[0]) if len(ends) else float("inf")

    @cached_property
    def _ridge(self) -> NDArray[np.intp]:
        highest = cv2.dilate(self.depth, np.ones((3, 3), np.uint8))
        return _points((self.depth >= highest) & (self.depth >= 2) & (self.depth <= _REACH / 2))

    @cached_property
    def _edges(self) -> NDArray[np.intp]:
        near_holes = cv2.dilate(self._holes, np.ones((9, 9), np.uint8))
        return _points((self.depth > 0) & (self.depth < 1.5) & (near_holes == 0))

    @cached_property
    def _deep(self) -> NDArray[np.intp]:
        return _points(self.depth >= 7)


def _points(where: NDArray[np.bool_]) -> NDArray[np.intp]:
    inner = np.zeros_like(where)
    inner[_MARGIN:-_MARGIN, _MARGIN:-_MARGIN] = where[_MARGIN:-_MARGIN, _MARGIN:-_MARGIN]
    return np.argwhere(inner)


def _one_of(points: NDArray[np.intp], rng: np.random.Generator) -> Point | None:
    if not len(points):
        return None
    y, x = points[rng.integers(len(points))]
    return float(x), float(y)
