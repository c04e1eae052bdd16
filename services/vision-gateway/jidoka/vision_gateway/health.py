"""Whether an image is fit to be judged. Pure functions over the small copy of a picture."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from jidoka.vision_gateway.line import HealthLimits

Pixels = npt.NDArray[np.uint8]
Shares = tuple[float, float, float]

GREY: Shares = (0.3333, 0.3333, 0.3333)

FIELDS = 8
TAIL = 0.001
DARK, BRIGHT = 12.0, 243.0
FLAT = 2.0
LOST_TEXTURE = 0.25
WORTH_TEXTURE = 4.0
MID_DARK, MID_BRIGHT = 30.0, 245.0
MID_LEAST = 0.002


@dataclass(frozen=True, slots=True)
class Figures:
    """What is measured of an image.

    focus: mean square of the Laplacian over the variance of the grey levels, so that light does not change it;
    brightness: mean grey level, 0 to 255; low and high: grey levels that 0.1 % and 99.9 % of the pixels do not exceed;
    colour: shares of blue, green, red in their sum; tint: the same of the pixels that are neither dark nor near
    saturation, None when less than 0.2 % of the pixels are so: a gain on one channel of a white board only saturates;
    texture: standard deviation of each of 8 x 8 fields, row by row.
    """

    focus: float
    brightness: float
    low: float
    high: float
    colour: Shares
    tint: Shares | None
    texture: tuple[float, ...]


def measure(small: Pixels) -> Figures:
    """The figures of an image (h, w) grey or (h, w, 3) BGR."""
    grey = small if small.ndim == 2 else np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), np.uint8)
    sampled = np.ascontiguousarray(grey[::2, ::2])
    low, high = _levels(sampled)
    mean, deviation = cv2.meanStdDev(grey)
    edges = cv2.Laplacian(grey, cv2.CV_16S)
    focus = cv2.norm(edges, cv2.NORM_L2SQR) / grey.size / max(float(deviation[0, 0]) ** 2, 1.0)
    texture = _texture(sampled)
    colour, tint = hues(small)
    return Figures(round(focus, 4), round(float(mean[0, 0]), 2), low, high, colour, tint, texture)


def hues(small: Pixels) -> tuple[Shares, Shares | None]:
    """Colour and tint of an image (h, w) grey or (h, w, 3) BGR."""
    return (_shares(cv2.mean(small)), _tint(small)) if small.ndim == 3 else (GREY, GREY)


def diagnose(figures: Figures, limits: HealthLimits) -> list[str]:
    """What is wrong with an image, in words; empty when nothing is."""
    if figures.high <= DARK:
        return ["black"]
    if figures.low >= BRIGHT:
        return ["overexposed"]
    if figures.high - figures.low < FLAT:
        return ["without contrast"]
    return [found for check in _CHECKS if (found := check(figures, limits))]


def _brightness(figures: Figures, limits: HealthLimits) -> str | None:
    if limits.brightness is None:
        return None
    return _outside("brightness", figures.brightness, limits.brightness)


def _white(figures: Figures, limits: HealthLimits) -> str | None:
    """The lightest pixels say how much light there is whatever the image shows."""
    return _outside("white", figures.high, limits.white) if limits.white else None


def _outside(name: str, value: float, limits: tuple[float, float]) -> str | None:
    lowest, highest = limits
    if value < lowest:
        return f"too dark: {name} {value:.0f}, at least {lowest:.0f}"
    return f"too bright: {name} {value:.0f}, at most {highest:.0f}" if value > highest else None


def _focus(figures: Figures, limits: HealthLimits) -> str | None:
    if limits.focus_min is None or figures.focus >= limits.focus_min:
        return None
    return f"blurred: focus {figures.focus:.3f}, at least {limits.focus_min:.3f}"


def _shift(figures: Figures, limits: HealthLimits) -> str | None:
    shift = max(_far(figures.colour, limits.colour), _far(figures.tint, limits.tint))
    return f"colour shifted by {shift:.3f}" if shift > limits.colour_shift_max else None


def _far(now: Shares | None, then: Shares | None) -> float:
    return max(abs(a - b) for a, b in zip(now, then, strict=True)) if now and then else 0.0


def _hidden(figures: Figures, limits: HealthLimits) -> str | None:
    """Fields that have lost the texture they always had: something is before the lens, or rows are missing."""
    if limits.texture is None or len(limits.texture) != len(figures.texture):
        return None
    had = [then >= WORTH_TEXTURE for then in limits.texture]
    lost = [
        worth and now < then * LOST_TEXTURE
        for worth, now, then in zip(had, figures.texture, limits.texture, strict=True)
    ]
    share = sum(lost) / max(1, sum(had))
    return f"occluded: {share:.0%} of the image has lost its texture" if share > limits.occluded_max else None


_CHECKS = (_brightness, _white, _focus, _shift, _hidden)


def _levels(grey: Pixels) -> tuple[float, float]:
    below = cv2.calcHist([grey], [0], None, [256], [0, 256]).ravel().cumsum()
    return float(np.searchsorted(below, grey.size * TAIL)), float(np.searchsorted(below, grey.size * (1 - TAIL)))


def _shares(sums: Sequence[float]) -> Shares:
    blue, green, red = sums[:3]
    total = max(blue + green + red, 1.0)
    return round(blue / total, 4), round(green / total, 4), round(red / total, 4)


def _tint(small: Pixels) -> Shares | None:
    sampled = cv2.resize(small, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_NEAREST)
    blue, green, red = cv2.split(sampled)
    brightest = cv2.max(cv2.max(blue, green), red)
    middle = cv2.inRange(brightest, (MID_DARK,), (MID_BRIGHT,))
    if cv2.countNonZero(middle) < MID_LEAST * middle.size:
        return None
    return _shares(cv2.mean(sampled, middle))


def _texture(grey: Pixels) -> tuple[float, ...]:
    """Each field's deviation from the means of its levels and of their squares."""
    levels = grey.astype(np.float32)
    small = (FIELDS, FIELDS)
    means, squares = (cv2.resize(of, small, interpolation=cv2.INTER_AREA) for of in (levels, levels * levels))
    deviations = np.sqrt(np.maximum(squares - means * means, 0.0)).ravel()
    return tuple(round(float(one), 2) for one in deviations)
