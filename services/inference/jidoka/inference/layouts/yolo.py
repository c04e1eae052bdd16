"""Heads of the YOLO family with one row or column per anchor; they need non-maximum suppression."""

import numpy as np
import numpy.typing as npt

from jidoka.inference.geometry import Floats
from jidoka.inference.layouts.candidates import Candidates, Outputs, corners, select

STRIDES = (8, 16, 32)
LEADERS = 50


def anchors(width: int, height: int, strides: tuple[int, ...] = STRIDES) -> int:
    """How many anchor points an input of that size has."""
    return sum((width // stride) * (height // stride) for stride in strides)


def channels_first(outputs: Outputs, floor: float) -> Candidates:
    """YOLOv8, v9, v11, v12: (1, 4 + nc, A), rows cx, cy, w, h in input pixels, then nc probabilities.

    The transposition is never made: the maximum runs down the classes, and only the columns that matter are picked.
    """
    head = outputs[0][0]
    probabilities = head[4:]
    highest: Floats = probabilities.max(axis=0)
    keep = np.flatnonzero(highest >= floor)
    boxes = corners(head[:4, keep].T)
    classes = probabilities[:, keep].argmax(axis=0)
    best = float(highest.max()) if highest.size else 0.0
    return Candidates(boxes, highest[keep].astype(np.float32), classes.astype(np.int64), min(max(best, 0.0), 1.0))


def with_objectness(outputs: Outputs, floor: float) -> Candidates:
    """YOLOv5, v6, v7 and decoded YOLOX: (1, A, 5 + nc), rows cx, cy, w, h in input pixels, objectness, nc classes.

    A score is objectness times class; objectness alone rules most rows out.
    """
    return _scored(outputs[0][0], floor)


def grid_units(outputs: Outputs, floor: float, width: int, height: int) -> Candidates:
    """YOLOX as exported: (1, A, 5 + nc) with dx, dy, log w, log h in units of each level's stride.

    Levels come in the order of the strides 8, 16, 32, each row by row.
    """
    rows = np.asarray(outputs[0][0], np.float32)
    points, strides = _grid(width, height)
    with np.errstate(over="ignore"):
        sizes = np.exp(np.minimum(rows[:, 2:4], 20)) * strides
    decoded = np.concatenate([(rows[:, :2] + points) * strides, sizes, rows[:, 4:]], axis=1)
    return _scored(decoded, floor)


def boxes_and_scores(outputs: Outputs, floor: float) -> Candidates:
    """YOLO-NAS: boxes (1, A, 4) x1, y1, x2, y2 in input pixels and scores (1, A, nc)."""
    boxes, scores = outputs[0][0], outputs[1][0]
    return select(boxes, scores.max(axis=1), scores.argmax(axis=1), floor)


def _scored(rows: npt.NDArray[np.float32], floor: float) -> Candidates:
    """rows (A, 5 + nc) with boxes in input pixels.

    A class is never above 1, so no row can beat a score that its objectness is below: most rows are never multiplied.
    """
    objectness = rows[:, 4]
    leaders = rows[np.argpartition(objectness, -min(LEADERS, len(rows)))[-LEADERS:]]
    reached = float((leaders[:, 5:] * leaders[:, 4:5]).max())
    chosen = rows[objectness >= min(floor, reached)]
    scores = chosen[:, 5:] * chosen[:, 4:5]
    return select(corners(chosen[:, :4]), scores.max(axis=1), scores.argmax(axis=1), floor)


def _grid(width: int, height: int) -> tuple[Floats, Floats]:
    """Grid points (A, 2) as x, y and the stride of each (A, 1)."""
    points, strides = [], []
    for stride in STRIDES:
        columns, rows = np.meshgrid(np.arange(width // stride), np.arange(height // stride))
        level = np.stack([columns.ravel(), rows.ravel()], axis=1)
        points.append(level)
        strides.append(np.full((len(level), 1), stride))
    return np.concatenate(points).astype(np.float32), np.concatenate(strides).astype(np.float32)
