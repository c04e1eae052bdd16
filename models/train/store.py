"""Drawn boards on disk: raw images in one file per appearance and the truth beside them."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from multiprocessing import Pool
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from jidoka.simulator.boards import KINDS, Appearance, draw

SIZE = 640
_DEFECTS = (14, 3)
"""Defects on the specimens of each layout: the second shows as good what the first shows as bad."""

_PRODUCT_EVERY = 8


@dataclass(frozen=True)
class Store:
    """`images` is (N, 640, 640) or (N, 640, 640, 3) BGR uint8; `truth` (N, 14, 5) int16 x1, y1, x2, y2, kind or -1."""

    images: NDArray[np.uint8]
    truth: NDArray[np.int16]


def drawn(
    folder: Path, appearance: Appearance, boards: int, seed: int, processes: int, products: Sequence[str] = ()
) -> Store:
    """Return the store of `boards` boards, drawing it first where it is not there yet.

    Every eighth layout is one of `products`, as far as there are any; all others are new ones.
    """
    name = folder / f"{appearance}-{seed}-{boards}"
    shape = (boards, SIZE, SIZE) if appearance is Appearance.LINESCAN else (boards, SIZE, SIZE, 3)
    pixels, truths = name.with_suffix(".u8"), name.with_suffix(".npy")
    if not truths.exists():
        folder.mkdir(parents=True, exist_ok=True)
        np.memmap(pixels, np.uint8, "w+", shape=shape).flush()
        write = partial(_write, pixels, shape, appearance, seed, products)
        with Pool(processes, initializer=cv2.setNumThreads, initargs=(1,)) as pool:
            np.save(truths, np.stack(pool.map(write, range(boards), chunksize=8)))
    return Store(np.memmap(pixels, np.uint8, "r", shape=shape), np.load(truths))


def _write(
    pixels: Path, shape: tuple[int, ...], appearance: Appearance, seed: int, products: Sequence[str], index: int
) -> NDArray[np.int16]:
    rng = np.random.default_rng([seed, index])
    layout, specimen = divmod(index, len(_DEFECTS))
    kinds = list(rng.choice(KINDS, _DEFECTS[specimen]))
    nth, other = divmod(layout, _PRODUCT_EVERY)
    sku = products[nth % len(products)] if products and not other else f"train-{seed}-{appearance}-{layout}"
    board = draw(seed * 1_000_000 + index, sku, kinds, appearance)
    np.memmap(pixels, np.uint8, "r+", shape=shape)[index] = board.image
    rows = [(*truth.box, KINDS.index(truth.kind)) for truth in board.truth]
    return np.array(rows + [(0, 0, 0, 0, -1)] * (max(_DEFECTS) - len(rows)), np.int16)
