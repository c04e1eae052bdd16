"""One exported file, and what its exporter's own code finds in an image."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

Image = npt.NDArray[np.uint8]
IOU = 0.45
WANTED = 24
"""A net that was never trained is sure of nothing: the floor is put where so many candidates are above it."""


@dataclass(frozen=True, slots=True)
class Boxes:
    """corners (n, 4) x1, y1, x2, y2 in pixels of the image; scores (n,); classes (n,) from 0."""

    corners: npt.NDArray[np.float64]
    scores: npt.NDArray[np.float64]
    classes: npt.NDArray[np.int64]

    def above(self, floor: float) -> "Boxes":
        """Those with a score of at least `floor`."""
        keep = self.scores >= floor
        return Boxes(self.corners[keep], self.scores[keep], self.classes[keep])


@dataclass(frozen=True, slots=True)
class Case:
    """`decode` takes a BGR image (h, w, 3) and the lowest score: the exporter's own way from pixels to boxes.

    `size` (width, height) is that of the test image: where the exporter resizes with another library than ours, it is
    the input's own size, so that only the decoding is compared.
    """

    name: str
    layout: str
    model: Path
    decode: Callable[[Image, float], Boxes]
    size: tuple[int, int]
    sidecar: str = ""


def boxes(corners: object, scores: object, classes: object) -> Boxes:
    """Boxes out of tensors or arrays."""
    return Boxes(
        np.asarray(corners, np.float64).reshape(-1, 4),
        np.asarray(scores, np.float64).ravel(),
        np.asarray(classes).astype(np.int64).ravel(),
    )


def picture(size: tuple[int, int], seed: int = 3) -> Image:
    """Blurred shapes in colour: something for every filter to answer to."""
    import cv2  # noqa: PLC0415 - after the exporters, some of which bring their own

    width, height = size
    dice = np.random.default_rng(seed)
    image = np.full((height, width, 3), 90, np.uint8)
    for _ in range(60):
        centre = (int(dice.integers(width)), int(dice.integers(height)))
        colour = tuple(int(value) for value in dice.integers(0, 256, 3))
        radius = int(dice.integers(4, max(8, height // 5)))
        if dice.random() < 0.5:
            cv2.circle(image, centre, radius, colour, -1)
        else:
            corner = (centre[0] + radius, centre[1] + int(dice.integers(4, max(8, height // 5))))
            cv2.rectangle(image, centre, corner, colour, -1)
    noise = dice.integers(0, 12, image.shape, dtype=np.uint8)
    return np.asarray(cv2.GaussianBlur(cv2.add(image, noise), (0, 0), 1.2), np.uint8)
