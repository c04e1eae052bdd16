"""How a camera sees a board: as a binarised line scan, or as a colour photograph."""

from enum import StrEnum

import cv2
import numpy as np
from numpy.typing import NDArray

from jidoka.simulator.boards.seeds import generator
from jidoka.simulator.boards.shapes import Mask

Image = NDArray[np.uint8]
_Colour = tuple[float, float, float]

_FINISHES: list[tuple[_Colour, _Colour]] = [
    ((36, 74, 24), (78, 152, 74)),
    ((34, 62, 16), (96, 176, 208)),
    ((88, 126, 120), (72, 128, 196)),
    ((84, 40, 14), (186, 128, 62)),
]
"""Laminate and copper, blue-green-red: two green boards, bare copper, a blue board."""

_FULL_LIGHT = 200


class Appearance(StrEnum):
    """LINESCAN is (640, 640) grey, copper dark on white; PHOTO is (640, 640, 3) BGR, copper bright."""

    LINESCAN = "linescan"
    PHOTO = "photo"

    @property
    def play(self) -> tuple[float, float]:
        """How far a specimen lies off its nominal place: pixels, and degrees."""
        return (3.0, 0.3) if self is Appearance.LINESCAN else (5.0, 1.0)


def linescan(copper: Mask, rng: np.random.Generator | None = None) -> Image:
    """Return the board as a binarising scanner gives it; with a generator, its edges are ragged."""
    soft = cv2.GaussianBlur(copper, (0, 0), 0.9).astype(np.int16)
    if rng is not None:
        grain = cv2.blur(_static(rng, copper.shape), (3, 3)).astype(np.int16) - 128
        soft += np.clip((grain * float(rng.uniform(0.4, 2.8))).astype(np.int16), -100, 100)
    return np.where(soft > 128, 0, 255).astype(np.uint8)


def photo(copper: Mask, holes: Mask, sku: str | int, rng: np.random.Generator | None = None) -> Image:
    """Return the board in the colours of its product; with a generator, unevenly lit and with sensor noise."""
    blur = 0.8 if rng is None else float(rng.uniform(0.6, 1.2))
    image = cv2.LUT(cv2.merge([cv2.GaussianBlur(copper, (0, 0), blur)] * 3), _finish(sku))
    light = cv2.addWeighted(_light(rng, copper.shape), 1.0, cv2.GaussianBlur(holes, (0, 0), blur), -0.7, 0)
    image = cv2.multiply(image, cv2.merge([light] * 3), scale=1 / _FULL_LIGHT)
    if rng is None:
        return np.asarray(image, np.uint8)
    grain = cv2.convertScaleAbs(_static(rng, (*copper.shape, 3)), alpha=0.08)
    return np.asarray(cv2.addWeighted(image, 1.0, grain, 1.0, -10.0), np.uint8)


def _finish(sku: str | int) -> Image:
    """Return the (1, 256, 3) colours of a product from bare laminate to full copper."""
    rng = generator("finish", sku)
    ends = np.array(_FINISHES[rng.integers(len(_FINISHES))]) * rng.uniform(0.85, 1.15, size=(2, 3))
    amount = np.linspace(0, 1, 256)[None, :, None]
    return np.asarray(np.clip(ends[0] + (ends[1] - ends[0]) * amount, 0, 255), np.uint8)


def _light(rng: np.random.Generator | None, shape: tuple[int, ...]) -> Image:
    if rng is None:
        return np.full(shape, _FULL_LIGHT, np.uint8)
    coarse = (rng.uniform(0.78, 1.18, size=(3, 3)) * _FULL_LIGHT).astype(np.uint8)
    return np.asarray(cv2.resize(coarse, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC), np.uint8)


def _static(rng: np.random.Generator, shape: tuple[int, ...]) -> Image:
    return np.frombuffer(rng.bytes(int(np.prod(shape))), np.uint8).reshape(shape)
