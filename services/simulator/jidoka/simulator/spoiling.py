"""Optical faults of a camera, put into an image before it is encoded: for tests of image health."""

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

Image = npt.NDArray[np.uint8]

COVER = (60, 60, 60)
GAIN = 1.3
GAIN_HEADROOM = 200 / 255
"""A gain on a channel that is saturated already changes nothing: the light of a colour fault is lower."""


def _blurred(image: Image) -> Image:
    return _bytes(cv2.GaussianBlur(image, (0, 0), 3))


def _half_light(image: Image) -> Image:
    return _bytes(cv2.convertScaleAbs(image, alpha=0.5))


def _black(image: Image) -> Image:
    return np.zeros_like(image)


def _half_covered(image: Image) -> Image:
    covered = image.copy()
    covered[:, : image.shape[1] // 2] = COVER[: image.ndim] if image.ndim == 3 else COVER[0]
    return covered


def _red(image: Image) -> Image:
    colour = image if image.ndim == 3 else _bytes(cv2.cvtColor(image, cv2.COLOR_GRAY2BGR))
    lit: Any = colour * (np.array([1.0, 1.0, GAIN]) * GAIN_HEADROOM)
    return _bytes(np.clip(lit, 0, 255).astype(np.uint8))


def _bytes(image: Any) -> Image:
    return np.asarray(image, np.uint8)


SPOILS: dict[str, Callable[[Image], Image]] = {
    "blur": _blurred,
    "half-light": _half_light,
    "black": _black,
    "colour": _red,
    "half-covered": _half_covered,
}
FROZEN = "frozen"
"""The one fault that is no change of an image: the camera gives the last one again."""
