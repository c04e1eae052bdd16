"""Figures of a detector from its detections and the truth, image by image.

A detection counts when a truth of its class overlaps it by more than the asked IoU and no better detection took it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.float32]
"""Detections (N, 6) x1, y1, x2, y2, score, class, best first; or truth (M, 5) without a score."""


@dataclass(frozen=True, eq=False)
class Matches:
    """All detections of one class: their scores, whether each counts, and how many truths there were."""

    scores: NDArray[np.float32]
    hits: NDArray[np.bool_]
    truths: int

    def average_precision(self) -> float:
        """Return the area under the precision envelope; not a number without truths."""
        if not self.truths:
            return float("nan")
        order = np.argsort(-self.scores, kind="stable")
        hits = np.cumsum(self.hits[order])
        precision = hits / np.arange(1, len(hits) + 1)
        envelope = np.maximum.accumulate(precision[::-1])[::-1]
        return float(np.sum(envelope * self.hits[order]) / self.truths)

    def counts(self, confidence: float) -> tuple[int, int]:
        """Return hits and false calls at a confidence."""
        taken = self.scores >= confidence
        return int(np.sum(self.hits & taken)), int(np.sum(~self.hits & taken))


def matched(found: Sequence[Rows], truths: Sequence[Rows], kind: int, iou: float) -> Matches:
    """Match the detections of class `kind` over a set of images."""
    scores: list[float] = []
    hits: list[bool] = []
    total = 0
    for rows, truth in zip(found, truths, strict=True):
        mine, due = rows[rows[:, 5] == kind], truth[truth[:, 4] == kind][:, :4]
        total += len(due)
        overlaps, free = overlap(mine[:, :4], due), np.ones(len(due), bool)
        for row, per_truth in zip(mine, overlaps, strict=True):
            best = int(np.argmax(np.where(free, per_truth, -1))) if len(due) else -1
            hit = best >= 0 and bool(free[best]) and per_truth[best] > iou
            if hit:
                free[best] = False
            scores.append(float(row[4]))
            hits.append(hit)
    return Matches(np.array(scores, np.float32), np.array(hits, bool), total)


def pooled(matches: Sequence[Matches]) -> Matches:
    """Return the matches of all classes as one, which is how DeepPCB's own script scores."""
    return Matches(
        np.concatenate([m.scores for m in matches]),
        np.concatenate([m.hits for m in matches]),
        sum(m.truths for m in matches),
    )


def f_score(hits: int, false_calls: int, truths: int) -> float:
    """Return the harmonic mean of precision and recall."""
    return 2 * hits / max(1, hits + false_calls + truths)


def overlap(a: Rows, b: Rows) -> NDArray[np.float32]:
    """Return the IoU (N, M) of boxes (N, 4) and (M, 4)."""
    low, high = np.maximum(a[:, None, :2], b[None, :, :2]), np.minimum(a[:, None, 2:], b[None, :, 2:])
    shared = np.clip(high - low, 0, None).prod(axis=2)
    areas = [(boxes[:, 2:] - boxes[:, :2]).prod(axis=1) for boxes in (a, b)]
    return np.asarray(shared / (areas[0][:, None] + areas[1][None] - shared), np.float32)
