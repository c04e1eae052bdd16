"""Where an image lies inside a model's input, and the exact way back."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]


class Fit(StrEnum):
    """How an image is brought to the size of the input."""

    LETTERBOX = "letterbox"
    CORNER = "corner"
    STRETCH = "stretch"
    CROP = "crop"
    NATIVE = "native"


@dataclass(frozen=True, slots=True)
class Placement:
    """An image of `width` x `height` drawn as `inner_width` x `inner_height` at (`left`, `top`) of the input.

    With `Fit.CROP` left and top are negative: what lies outside the input is cut off.
    """

    width: int
    height: int
    left: int
    top: int
    inner_width: int
    inner_height: int

    def to_input(self, boxes: Floats) -> Floats:
        """Boxes (n, 4) as x1, y1, x2, y2 from pixels of the image to pixels of the input."""
        return np.asarray(boxes * self._scale() + self._offset(), np.float32)

    def to_image(self, boxes: Floats) -> Floats:
        """Boxes (n, 4) from pixels of the input to pixels of the image, clipped to the image."""
        edges = np.array([self.width, self.height] * 2, np.float64)
        return np.asarray(np.clip((boxes - self._offset()) / self._scale(), 0.0, edges), np.float32)

    def covers(self, other: "Placement") -> bool:
        """Whether an image placed so lies on the same pixels of the input as one placed like `other`."""
        mine = (self.left, self.top, self.inner_width, self.inner_height)
        return mine == (other.left, other.top, other.inner_width, other.inner_height)

    def _scale(self) -> npt.NDArray[Any]:
        return np.array([self.inner_width / self.width, self.inner_height / self.height] * 2, np.float64)

    def _offset(self) -> npt.NDArray[Any]:
        return np.array([self.left, self.top] * 2, np.float64)


def place(fit: Fit, width: int, height: int, input_width: int, input_height: int) -> Placement:
    """The placement of a `width` x `height` image in an input of `input_width` x `input_height` pixels."""
    if fit is Fit.NATIVE:
        return Placement(width, height, 0, 0, width, height)
    if fit is Fit.STRETCH:
        return Placement(width, height, 0, 0, input_width, input_height)
    choose = max if fit is Fit.CROP else min
    scale = choose(input_width / width, input_height / height)
    if fit is Fit.CORNER:
        # YOLOX cuts off the fraction of a pixel, where others round.
        return Placement(width, height, 0, 0, max(1, int(width * scale)), max(1, int(height * scale)))
    inner_width, inner_height = max(1, round(width * scale)), max(1, round(height * scale))
    left, top = _before(input_width - inner_width), _before(input_height - inner_height)
    return Placement(width, height, left, top, inner_width, inner_height)


def _before(space: int) -> int:
    """Pixels of padding before the image when `space` are to share; an odd one goes behind, as Ultralytics does."""
    return round(space / 2 - 0.1)
