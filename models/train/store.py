"""Drawn boards on disk: for each layout the golden board and some specimens of it, and the truth about them."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from multiprocessing import Pool
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from jidoka.simulator.boards import KINDS, Appearance, draw, golden

SIZE = 640
GOLDEN, GOOD = 0, 1
"""Which picture of a layout is the golden one, and which a specimen without a defect."""

_DEFECTS = (0, 14, 3)
"""Defects on the specimens of each layout: the third shows as good what the second shows as bad."""

_PICTURES = 1 + len(_DEFECTS)
_PRODUCT_EVERY = 8


@dataclass(frozen=True)
class Store:
    """`images` is (N, 4, 640, 640) or (N, 4, 640, 640, 3) BGR uint8; `truth` (N, 4, 14, 5) int16.

    The four are the golden board, a good one, one with 14 defects and one with 3; truth is x1, y1, x2, y2, kind or -1.
    """

    images: NDArray[np.uint8]
    truth: NDArray[np.int16]


def drawn(
    folder: Path, appearance: Appearance, layouts: int, seed: int, processes: int, products: Sequence[str] = ()
) -> Store:
    """Return the store of `layouts` layouts, drawing it first where it is not there yet.

    Every eighth layout is one of `products`, as far as there are any; all others are new ones.
    """
    name = folder / f"{appearance}-{seed}-{layouts}"
    shape = (layouts, _PICTURES, SIZE, SIZE) + (() if appearance is Appearance.LINESCAN else (3,))
    pixels, truths = name.with_suffix(".u8"), name.with_suffix(".npy")
    if not truths.exists():
        folder.mkdir(parents=True, exist_ok=True)
        np.memmap(pixels, np.uint8, "w+", shape=shape).flush()
        write = partial(_write, pixels, shape, appearance, seed, products)
        with Pool(processes, initializer=cv2.setNumThreads, initargs=(1,)) as pool:
            np.save(truths, np.stack(pool.map(write, range(layouts), chunksize=8)))
    return Store(np.memmap(pixels, np.uint8, "r", shape=shape), np.load(truths))


def _write(
    pixels: Path, shape: tuple[int, ...], appearance: Appearance, seed: int, products: Sequence[str], layout: int
) -> NDArray[np.int16]:
    rng = np.random.default_rng([seed, layout])
    nth, other = divmod(layout, _PRODUCT_EVERY)
    sku = products[nth % len(products)] if products and not other else f"train-{seed}-{appearance}-{layout}"
    images = np.memmap(pixels, np.uint8, "r+", shape=shape)[layout]
    truth = np.full((_PICTURES, max(_DEFECTS), 5), -1, np.int16)
    images[GOLDEN] = golden(sku, appearance)
    for picture, count in enumerate(_DEFECTS, GOOD):
        kinds = list(rng.choice(KINDS, count))
        board = draw(seed * 1_000_000 + layout * _PICTURES + picture, sku, kinds, appearance)
        images[picture] = board.image
        for row, defect in zip(truth[picture], board.truth, strict=False):
            row[:] = (*defect.box, KINDS.index(defect.kind))
    return truth
