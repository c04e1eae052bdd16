"""The six defects. Three shapes, each in copper (it takes copper away) or between copper (it adds copper).

Sizes follow hand-drawn defects on scanned boards: strokes 3 to 9 pixels wide, 8 to 60 long.
"""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from jidoka.simulator.boards.layout import Layout
from jidoka.simulator.boards.shapes import Disc, Mask, Point, Shape, Track
from jidoka.simulator.boards.sites import Sites

KINDS = ("open", "short", "mousebite", "spur", "spurious_copper", "pinhole")
"""The kinds in the order of the shipped model's classes."""

_TRIES = 60
_LEAST_AREA = 28
_LEAST_REACH = 4.5
"""A bite or burr less deep than this, in pixels, could be the noise of the edge."""


@dataclass(frozen=True, eq=False)
class Defect:
    """A defect on a board: the (N, 2) pixels x, y that it changed."""

    kind: str
    pixels: NDArray[np.int32]


def damage(copper: Mask, golden: Layout, kind: str, taken: Mask, rng: np.random.Generator) -> Defect | None:
    """Put one defect of `kind` onto `copper`, in place, where `taken` is free; None when no place was found."""
    draw, adds = _DRAWN[kind]
    sites = golden.between_copper if adds else golden.in_copper
    for _ in range(_TRIES):
        shapes = draw(sites, rng)
        stroke = np.zeros_like(copper)
        for shape in shapes:
            shape.stamp(stroke)
        ground = ~(copper | golden.holes) if adds else copper
        changed = stroke & ground
        if np.any(taken & stroke) or not _is(draw, sites, ground, changed):
            continue
        pixels = np.asarray(cv2.findNonZero(changed), np.int32).reshape(-1, 2)
        copper[changed > 0] = 255 if adds else 0
        taken[_window(changed, 14)] = 255
        return Defect(kind, pixels)
    return None


def _across(sites: Sites, rng: np.random.Generator) -> list[Shape]:
    """A stroke, or a bundle of thin ones, from side to side of a narrow place."""
    sides = sites.narrows(rng)
    if sides is None:
        return []
    first, last = (np.array(side) for side in sides)
    way = (last - first) / max(1.0, float(np.hypot(*(last - first))))
    first, last = first - 2 * way, last + 2 * way
    aside = np.array([-way[1], way[0]])
    if rng.random() < 0.85:
        return [_stroke(rng, first, last, float(rng.uniform(3.2, 8.5)))]
    spread = rng.uniform(-3, 3, size=(int(rng.integers(2, 4)), 2))
    return [_stroke(rng, first + a * aside, last + b * aside, float(rng.uniform(2, 3.5))) for a, b in spread]


def _bite(sites: Sites, rng: np.random.Generator) -> list[Shape]:
    """A notch or a burr: a stroke or some discs that start at an edge and end inside."""
    found = sites.edge(rng)
    if found is None:
        return []
    edge, inward = np.array(found[0]), np.array(found[1])
    lean = float(rng.uniform(-0.7, 0.7))
    way = np.array([[np.cos(lean), -np.sin(lean)], [np.sin(lean), np.cos(lean)]]) @ inward
    depth = float(rng.uniform(5, 17))
    if rng.random() < 0.15:
        along = np.array([-inward[1], inward[0]]) * rng.uniform(5, 15)
        middle = edge + inward * rng.uniform(0.5, 3)
        return [_stroke(rng, middle - along, middle + along, float(rng.uniform(4, 8)))]
    if rng.random() < 0.65:
        return [_stroke(rng, edge - 2 * way, edge + depth * way, float(rng.uniform(3.5, 8)))]
    radius = float(rng.uniform(3.5, 6.5))
    shapes: list[Shape] = []
    for _ in range(rng.integers(1, 4)):
        x, y = edge + way * rng.uniform(0, 0.5) * depth + rng.uniform(-3, 3, 2)
        shapes.append(Disc((float(x), float(y)), radius))
    return shapes


def _island(sites: Sites, rng: np.random.Generator) -> list[Shape]:
    """A stroke or a lump with no contact to any edge."""
    centre = sites.island(rng)
    if centre is None:
        return []
    middle = np.array(centre)
    if rng.random() < 0.6:
        angle, half = rng.uniform(0, np.pi), rng.uniform(2.5, 12)
        way = half * np.array([np.cos(angle), np.sin(angle)])
        return [_stroke(rng, middle - way, middle + way, float(rng.uniform(4, 9)))]
    discs: list[Shape] = []
    for _ in range(rng.integers(2, 5)):
        x, y = middle + rng.uniform(-5, 5, 2)
        discs.append(Disc((float(x), float(y)), float(rng.uniform(2.5, 5.5))))
    return discs


def _stroke(rng: np.random.Generator, first: NDArray[np.float64], last: NDArray[np.float64], width: float) -> Track:
    """A line as a hand draws it: three stretches that wander by an eighth of its length, some by a third."""
    wander = 0.8 + (0.12 if rng.random() < 0.8 else 0.33) * float(np.hypot(*(last - first)))
    inner = [first + (last - first) * share + rng.uniform(-wander, wander, 2) for share in (0.33, 0.67)]
    points: list[Point] = [(float(x), float(y)) for x, y in (first, *inner, last)]
    return Track(points, width)


_Draw = Callable[[Sites, np.random.Generator], list[Shape]]

_DRAWN: dict[str, tuple[_Draw, bool]] = {
    "open": (_across, False),
    "short": (_across, True),
    "mousebite": (_bite, False),
    "spur": (_bite, True),
    "spurious_copper": (_island, True),
    "pinhole": (_island, False),
}


def _is(draw: _Draw, sites: Sites, ground: Mask, changed: Mask) -> bool:
    """Say whether the change is large enough and what it is meant to be: a bite that cuts through would be an open."""
    if cv2.countNonZero(changed) < _LEAST_AREA:
        return False
    if draw is _across:
        return True
    if sites.depth[changed > 0].max() < _LEAST_REACH:
        return False
    window = _window(changed, 8)
    before, after = ground[window], ground[window] & ~changed[window]
    wanted = (1, 0) if draw is _island else (0, 0)
    # A neck of three pixels would be cut or not by the noise of the edge: such a defect is neither kind.
    return _new_pieces(before, after) == wanted and _new_pieces(_worn(before), _worn(after)) == wanted


def _window(changed: Mask, margin: int) -> tuple[slice, slice]:
    """Return the part of an image that holds all set pixels and `margin` more on each side."""
    x, y, width, height = cv2.boundingRect(changed)
    return slice(max(0, y - margin), y + height + margin), slice(max(0, x - margin), x + width + margin)


def _new_pieces(before: Mask, after: Mask) -> tuple[int, int]:
    """Return how many pieces there are more now outside the mask and inside it."""
    return _pieces(~after) - _pieces(~before), _pieces(after) - _pieces(before)


def _worn(mask: Mask) -> Mask:
    return np.asarray(cv2.erode(mask, np.ones((3, 3), np.uint8)), np.uint8)


def _pieces(mask: Mask) -> int:
    return int(cv2.connectedComponents(mask, connectivity=8)[0])
