"""What every layout is decoded to."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from jidoka.inference.geometry import Floats

Outputs = Sequence[npt.NDArray[Any]]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Candidates:
    """Boxes at or above the asked confidence, in pixels of the model's input.

    boxes (n, 4) x1, y1, x2, y2; scores (n,) 0 to 1; classes (n,) from 0; `best` is the highest score of all, also of
    those below the asked confidence (0 when the model gave none).
    """

    boxes: Floats
    scores: Floats
    classes: Ints
    best: float


Decode = Callable[[Outputs, float], Candidates]
"""(outputs of the model, lowest confidence of interest) -> candidates."""


def select(boxes: Floats, scores: npt.NDArray[Any], classes: npt.NDArray[Any], floor: float) -> Candidates:
    """Candidates out of boxes (n, 4), scores (n,) and classes (n,) of any number type."""
    keep = np.flatnonzero(scores >= floor)
    best = float(scores.max()) if scores.size else 0.0
    return Candidates(
        np.asarray(boxes[keep], np.float32),
        np.asarray(scores[keep], np.float32),
        np.asarray(classes[keep], np.int64),
        min(max(best, 0.0), 1.0),
    )


def corners(centred: npt.NDArray[Any]) -> Floats:
    """Boxes (n, 4) from centre x, centre y, width, height to x1, y1, x2, y2."""
    half = centred[:, 2:4] / 2
    return np.concatenate([centred[:, :2] - half, centred[:, :2] + half], axis=1).astype(np.float32)


def sigmoid(values: npt.NDArray[Any]) -> Floats:
    """1 / (1 + exp(-x)) without overflow, for any shape."""
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * values.astype(np.float32))), np.float32)


def softmax(values: npt.NDArray[Any]) -> Floats:
    """Softmax over the last axis, for any shape."""
    raised = np.exp(values.astype(np.float32) - values.max(axis=-1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=-1, keepdims=True), np.float32)
