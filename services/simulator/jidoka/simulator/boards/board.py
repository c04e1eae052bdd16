"""One specimen of a product, as the camera of a station would see it, and the truth about it."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from jidoka.simulator.boards.appearance import Appearance, Image, linescan, photo
from jidoka.simulator.boards.canvas import SIZE
from jidoka.simulator.boards.defects import KINDS, Defect, damage
from jidoka.simulator.boards.layout import layout
from jidoka.simulator.boards.seeds import generator
from jidoka.simulator.boards.shapes import Mask

BOX_MARGIN = 10
"""Truth boxes reach this many pixels beyond the changed ones, as DeepPCB's annotators drew theirs."""


@dataclass(frozen=True)
class Truth:
    """A defect that is on the board. `box` is x1, y1, x2, y2 in pixels of the image."""

    kind: str
    box: tuple[int, int, int, int]


@dataclass(frozen=True, eq=False)
class Board:
    """`image` is (640, 640) or (640, 640, 3) BGR uint8; `truth` is empty for a good board."""

    image: Image
    truth: tuple[Truth, ...]


def draw(seed: int, sku: str | int, defects: Sequence[str] = (), appearance: Appearance = Appearance.LINESCAN) -> Board:
    """Draw the specimen `seed` of the product `sku` with one defect for each name in `defects`.

    Place and noise of a specimen are those of its seed, whatever its defects.
    A defect for which the layout has no place is left out; `truth` lists what is there. Raises ValueError for an
    unknown kind of defect. The first board of a product takes about 100 ms, others about 15.
    """
    for kind in defects:
        if kind not in KINDS:
            raise ValueError(f"unknown defect {kind!r}: known are {', '.join(KINDS)}")
    dice, camera = generator("defects", sku, seed), generator("camera", sku, seed)
    nominal = layout(sku)
    copper, taken = nominal.copper.copy(), np.zeros_like(nominal.copper)
    made = [damage(copper, nominal, kind, taken, dice) for kind in defects]
    place = _registration(camera, appearance)
    truth = tuple(Truth(defect.kind, _box(defect, place)) for defect in made if defect)
    return Board(_seen(_moved(copper, place), _moved(nominal.holes, place), sku, appearance, camera), truth)


def golden(sku: str | int, appearance: Appearance = Appearance.LINESCAN) -> Image:
    """Return the defect-free template of a product, without noise, in its nominal place."""
    board = layout(sku)
    return _seen(board.copper, board.holes, sku, appearance, None)


def _seen(copper: Mask, holes: Mask, sku: str | int, appearance: Appearance, rng: np.random.Generator | None) -> Image:
    if appearance is Appearance.LINESCAN:
        return linescan(copper, rng)
    return photo(copper, holes, sku, rng)


def _registration(rng: np.random.Generator, appearance: Appearance) -> NDArray[np.float64]:
    """Return the (2, 3) matrix that takes points of the layout to points of the image."""
    pixels, degrees = appearance.play
    turn = cv2.getRotationMatrix2D((SIZE / 2, SIZE / 2), float(rng.uniform(-degrees, degrees)), 1.0)
    matrix: NDArray[np.float64] = np.asarray(turn, np.float64)
    matrix[:, 2] += rng.uniform(-pixels, pixels, 2)
    return matrix


def _moved(mask: Mask, place: NDArray[np.float64]) -> Mask:
    moved = cv2.warpAffine(mask, place, (SIZE, SIZE), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(moved, np.uint8)


def _box(defect: Defect, place: NDArray[np.float64]) -> tuple[int, int, int, int]:
    points = defect.pixels @ place[:, :2].T + place[:, 2]
    x1, y1 = np.floor(points.min(axis=0)).astype(int) - BOX_MARGIN
    x2, y2 = np.ceil(points.max(axis=0)).astype(int) + 1 + BOX_MARGIN
    return max(0, int(x1)), max(0, int(y1)), min(SIZE, int(x2)), min(SIZE, int(y2))
