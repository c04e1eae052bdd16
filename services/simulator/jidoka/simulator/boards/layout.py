"""The golden board of a product: its copper and its holes, the same for every specimen."""

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from jidoka.simulator.boards import styles
from jidoka.simulator.boards.canvas import SIZE, Canvas
from jidoka.simulator.boards.seeds import generator
from jidoka.simulator.boards.shapes import Mask
from jidoka.simulator.boards.sites import Sites

_STYLES: list[tuple[styles.Style, float]] = [
    (styles.bus, 0.36),
    (styles.pads_with_routes, 0.30),
    (styles.copper_area, 0.24),
    (styles.free_routes, 0.10),
]

_LEAST_PIECE = 320
"""Pixels of the smallest designed piece of copper or space: twice a large spurious copper."""


@dataclass(frozen=True, eq=False)
class Layout:
    """A board as designed. `copper` and `holes` are (640, 640) uint8 masks of 0 and 255 that share no pixel."""

    copper: Mask
    holes: Mask
    in_copper: Sites
    between_copper: Sites


@lru_cache(maxsize=32)
def layout(sku: str | int) -> Layout:
    """Return the layout of a product; any name or number has one. About 50 ms, then kept."""
    rng = generator("layout", sku)
    canvas = Canvas()
    regions = _split(rng, styles.Region(0, 0, SIZE, SIZE), depth=int(rng.integers(0, 4)))
    for region in regions:
        weights = [weight for _, weight in _STYLES]
        style = _STYLES[rng.choice(len(_STYLES), p=weights)][0]
        style(canvas, rng, region)
    whole = styles.Region(0, 0, SIZE, SIZE)
    for _ in range(rng.integers(0, 3)):
        styles.marking(canvas, rng, whole)
    styles.free_routes(canvas, rng, whole)
    for region in regions:
        if rng.random() < 0.25:
            styles.flood(canvas, rng, region)
    _tidy(canvas)
    turn = int(rng.integers(8))
    copper, holes = _turned(turn, canvas.copper), _turned(turn, canvas.holes)
    return Layout(copper, holes, Sites(copper, holes), Sites(~(copper | holes), holes))


def _split(rng: np.random.Generator, region: styles.Region, depth: int) -> list[styles.Region]:
    if depth <= 0:
        return [region]
    share = float(rng.uniform(0.3, 0.7))
    x = region.left + share * (region.right - region.left)
    y = region.top + share * (region.bottom - region.top)
    if region.right - region.left > region.bottom - region.top:
        parts = [styles.Region(region.left, region.top, x, region.bottom)]
        parts += [styles.Region(x, region.top, region.right, region.bottom)]
    else:
        parts = [styles.Region(region.left, region.top, region.right, y)]
        parts += [styles.Region(region.left, y, region.right, region.bottom)]
    return [small for part in parts for small in _split(rng, part, depth - int(rng.integers(1, 3)))]


def _tidy(canvas: Canvas) -> None:
    """Remove what looks like a defect but is none: hairlines, crumbs of copper and specks without."""
    thinnest = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))
    copper: Mask = np.asarray(cv2.morphologyEx(canvas.copper, cv2.MORPH_OPEN, thinnest), np.uint8)
    copper &= ~_small_pieces(copper)
    free: Mask = ~(copper | canvas.holes)
    opened: Mask = np.asarray(cv2.morphologyEx(free, cv2.MORPH_OPEN, thinnest), np.uint8)
    canvas.copper = (copper | (free & ~opened) | _small_pieces(opened)) & ~canvas.holes


def _small_pieces(mask: Mask) -> Mask:
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    small = stats[:, cv2.CC_STAT_AREA] < _LEAST_PIECE
    small[0] = False
    return np.where(small[labels], 255, 0).astype(np.uint8)


def _turned(turn: int, mask: Mask) -> Mask:
    quarter = np.rot90(mask, turn % 4)
    return np.ascontiguousarray(quarter[:, ::-1] if turn >= 4 else quarter)
