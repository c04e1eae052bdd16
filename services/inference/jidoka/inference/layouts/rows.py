"""Heads that give finished rows: non-maximum suppression is inside or not needed."""

import numpy as np

from jidoka.inference.layouts.candidates import Candidates, Outputs, corners, select


def end_to_end(outputs: Outputs, floor: float) -> Candidates:
    """YOLOv10, YOLO26, exports with NMS inside: (1, n, 6) x1, y1, x2, y2 in input pixels, score, class.

    Short lists are padded with zero rows, which fall below any confidence.
    """
    rows = outputs[0].reshape(-1, 6)
    return select(rows[:, :4], rows[:, 4], rows[:, 5], floor)


def end_to_end_centred(outputs: Outputs, floor: float, width: int, height: int) -> Candidates:
    """RT-DETR as Ultralytics exports it: (1, n, 6) cx, cy, w, h from 0 to 1, score, class."""
    rows = outputs[0].reshape(-1, 6)
    return select(corners(rows[:, :4] * _size(width, height)), rows[:, 4], rows[:, 5], floor)


def label_first(outputs: Outputs, floor: float, width: int, height: int) -> Candidates:
    """`label_xyxy_score`: (1, n, 6) class, x1, y1, x2, y2 from 0 to 1, score."""
    rows = outputs[0].reshape(-1, 6)
    return select(rows[:, 1:5] * _size(width, height), rows[:, 5], rows[:, 0], floor)


def batch_first(outputs: Outputs, floor: float) -> Candidates:
    """YOLOv7 with its own NMS: (n, 7) image, x1, y1, x2, y2 in input pixels, class, score."""
    rows = outputs[0].reshape(-1, 7)
    return select(rows[:, 1:5], rows[:, 6], rows[:, 5], floor)


def detection_output(outputs: Outputs, floor: float, width: int, height: int) -> Candidates:
    """SSD's DetectionOutput: (1, 1, n, 7) image, class from 1, confidence, x1, y1, x2, y2 from 0 to 1.

    A row with image -1 ends the list.
    """
    rows = outputs[0].reshape(-1, 7)
    ends = np.flatnonzero(rows[:, 0] < 0)
    rows = rows[: ends[0]] if ends.size else rows
    return select(rows[:, 3:7] * _size(width, height), rows[:, 2], rows[:, 1] - 1, floor)


def _size(width: int, height: int) -> "np.ndarray[tuple[int], np.dtype[np.float32]]":
    return np.array([width, height, width, height], np.float32)
