"""Heads whose outputs have names of their own: boxes, scores and labels as separate tensors."""

import numpy as np

from jidoka.inference.layouts.candidates import Candidates, Outputs, corners, select, sigmoid, softmax


def labels_boxes_scores(outputs: Outputs, floor: float, first_label: int = 0) -> Candidates:
    """RT-DETR, D-FINE, DEIM and torchvision: labels (n,), boxes (n, 4) x1, y1, x2, y2 in input pixels, scores (n,).

    A batch of one in front is allowed. `first_label` is 1 where label 0 is the background (torchvision).
    """
    labels, boxes, scores = (output.reshape(-1, 4) if i == 1 else output.ravel() for i, output in enumerate(outputs))
    return select(boxes, scores, labels - first_label, floor)


def normalised_boxes(outputs: Outputs, floor: float, width: int, height: int, first_label: int = 1) -> Candidates:
    """SSD of the model zoo: labels (1, n), boxes (1, n, 4) x1, y1, x2, y2 from 0 to 1, scores (1, n)."""
    labels, boxes, scores = outputs[0].ravel(), outputs[1].reshape(-1, 4), outputs[2].ravel()
    size = np.array([width, height, width, height], np.float32)
    return select(boxes * size, scores, labels - first_label, floor)


def queries(outputs: Outputs, floor: float, width: int, height: int, classes: int) -> Candidates:
    """RF-DETR, RT-DETR and D-FINE of Hugging Face: logits (1, Q, C) and boxes (1, Q, 4) cx, cy, w, h from 0 to 1.

    Each class is its own sigmoid, so one query may give several; the slots from `classes` on are background or unused.
    """
    scores = sigmoid(outputs[0][0])[:, :classes]
    query, label = np.nonzero(scores >= floor)
    boxes = corners(outputs[1][0][query] * np.array([width, height, width, height], np.float32))
    return Candidates(boxes, scores[query, label], label.astype(np.int64), float(scores.max()))


def queries_softmax(outputs: Outputs, floor: float, width: int, height: int) -> Candidates:
    """DETR of Hugging Face: like `queries`, with softmax, the last slot being "no object"."""
    scores = softmax(outputs[0][0])[:, :-1]
    boxes = corners(outputs[1][0] * np.array([width, height, width, height], np.float32))
    return select(boxes, scores.max(axis=1), scores.argmax(axis=1), floor)


def dets_labels(outputs: Outputs, floor: float) -> Candidates:
    """MMDeploy and Geti: boxes (1, n, 5) x1, y1, x2, y2 in input pixels and score, labels (1, n)."""
    rows = outputs[0].reshape(-1, 5)
    return select(rows[:, :4], rows[:, 4], outputs[1].ravel(), floor)


def detection_boxes(outputs: Outputs, floor: float, width: int, height: int) -> Candidates:
    """TensorFlow object detection: boxes (1, n, 4) y1, x1, y2, x2 from 0 to 1, scores (1, n), classes (1, n) from 1,
    number of detections (1,)."""
    count = int(outputs[3].ravel()[0])
    boxes = outputs[0].reshape(-1, 4)[:count][:, [1, 0, 3, 2]]
    size = np.array([width, height, width, height], np.float32)
    return select(boxes * size, outputs[1].ravel()[:count], outputs[2].ravel()[:count] - 1, floor)


def efficient_nms(outputs: Outputs, floor: float) -> Candidates:
    """TensorRT's EfficientNMS: count (1, 1), boxes (1, n, 4) x1, y1, x2, y2 in input pixels, scores, classes (1, n)."""
    count = int(outputs[0].ravel()[0])
    return select(outputs[1].reshape(-1, 4)[:count], outputs[2].ravel()[:count], outputs[3].ravel()[:count], floor)


def whole_image(outputs: Outputs, floor: float, width: int, height: int, good: frozenset[int]) -> Candidates:
    """Classification: (1, nc) probabilities or logits. A class that is not good is a defect as large as the image."""
    values = np.asarray(outputs[0].reshape(-1), np.float32)
    if values.min() < 0 or abs(float(values.sum()) - 1.0) > 1e-2:
        values = softmax(values)
    bad = np.array([index for index in range(values.size) if index not in good], np.int64)
    boxes = np.tile(np.array([0, 0, width, height], np.float32), (bad.size, 1))
    return select(boxes, values[bad], bad, floor)
