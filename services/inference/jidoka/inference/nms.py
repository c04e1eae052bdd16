"""Class-wise non-maximum suppression."""

import numpy as np
import numpy.typing as npt

from jidoka.inference.geometry import Floats

MOST_CANDIDATES = 1000
"""Only so many of the most confident are compared: bounds the time that any image can take."""


def suppress(boxes: Floats, scores: Floats, classes: npt.NDArray[np.int64], iou: float) -> npt.NDArray[np.int64]:
    """Indices of the boxes to keep, most confident first.

    boxes (n, 4) x1, y1, x2, y2; scores (n,); classes (n,). A box goes when one of its own class with a higher score
    overlaps it by more than `iou`.
    """
    order = np.argsort(-scores, kind="stable")[:MOST_CANDIDATES]
    if order.size < 2:
        return order
    boxes, classes = boxes[order], classes[order]
    clash = (_overlaps(boxes) > iou) & (classes[:, None] == classes)
    keep: list[int] = []
    gone = np.zeros(order.size, np.bool_)
    for index in range(order.size):
        if not gone[index]:
            keep.append(index)
            gone |= clash[index]
    return order[keep]


def _overlaps(boxes: Floats) -> Floats:
    """Intersection over union of each of boxes (n, 4) with each: (n, n), 0 where both are empty."""
    low, high = boxes[:, :2], boxes[:, 2:]
    sides = np.minimum(high[:, None], high) - np.maximum(low[:, None], low)
    np.maximum(sides, 0, out=sides)
    shared = sides[..., 0] * sides[..., 1]
    area = np.maximum(high[:, 0] - low[:, 0], 0) * np.maximum(high[:, 1] - low[:, 1], 0)
    union = area[:, None] + area - shared
    return np.asarray(np.divide(shared, union, out=np.zeros_like(shared), where=union > 0), np.float32)


def overlap(box: Floats, boxes: Floats) -> Floats:
    """Intersection over union of one box (4,) with boxes (n, 4): (n,), 0 where both are empty."""
    corner = np.minimum(box[2:], boxes[:, 2:]) - np.maximum(box[:2], boxes[:, :2])
    shared = np.prod(np.maximum(corner, 0), axis=1)
    union = _area(box[None]) + _area(boxes) - shared
    return np.asarray(np.divide(shared, union, out=np.zeros_like(shared), where=union > 0), np.float32)


def _area(boxes: Floats) -> Floats:
    sides: Floats = np.maximum(boxes[:, 2:] - boxes[:, :2], 0)
    area: Floats = np.prod(sides, axis=1)
    return area
