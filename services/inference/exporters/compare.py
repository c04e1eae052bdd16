"""Our boxes against the exporter's, one to one."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from exporters.case import IOU, WANTED, Boxes, Case, boxes, picture
from jidoka.inference.detector import find
from jidoka.inference.model import Machine, Model
from jidoka.inference.nms import overlap

LEAST_OVERLAP, MOST_APART = 0.99, 1e-3
LINE = 0.5
"""Pixels: a box thinner than this is a line."""
Corners = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What comparing one file showed; the worst pair counts."""

    theirs: int
    ours: int
    overlap: float
    apart: float

    @property
    def good(self) -> bool:
        """Whether every box of theirs is one of ours and the other way round."""
        alike = self.overlap >= LEAST_OVERLAP and self.apart <= MOST_APART
        return self.theirs == self.ours and self.theirs > 0 and alike


def compare(case: Case) -> tuple[Outcome, str]:
    """The outcome, and the layout that was recognised."""
    if case.sidecar:
        case.model.with_suffix(".toml").write_text(case.sidecar)
    image = picture(case.size)
    floor = _floor(case.decode(image, 1e-4))
    theirs = case.decode(image, floor)
    model = Model.load(Path(case.model), Machine("cpu", 0))
    found = find(model, image, floor, IOU).found
    numbers = {name: number for number, name in enumerate(model.recipe.names)}
    ours = boxes(
        [(f.box.x, f.box.y, f.box.x + f.box.width, f.box.y + f.box.height) for f in found],
        [f.confidence for f in found],
        [numbers[f.name] if f.name in numbers else int(f.name.removeprefix("class ")) for f in found],
    )
    return _pair(theirs, ours), model.recipe.layout


def _floor(all_of_them: Boxes) -> float:
    """In the middle of the widest gap near the wanted number: no box then lies on the floor itself."""
    scores = np.sort(all_of_them.scores)[::-1]
    if len(scores) < 2:
        return float(scores[-1]) / 2 if len(scores) else 0.5
    last = min(WANTED, len(scores) - 1)
    first = last // 2
    gap = first + int(np.argmax(scores[first:last] - scores[first + 1 : last + 1]))
    return float(scores[gap] + scores[gap + 1]) / 2


def _pair(theirs: Boxes, ours: Boxes) -> Outcome:
    least, most = 1.0, 0.0
    free = list(range(len(ours.scores)))
    for corners, score, number in zip(theirs.corners, theirs.scores, theirs.classes, strict=True):
        same = [index for index in free if ours.classes[index] == number]
        if not same:
            least = 0.0
            continue
        distances = np.abs(ours.corners[same] - corners).max(axis=1)
        best = same[int(np.argmin(distances))]
        free.remove(best)
        least = min(least, _overlap(corners, ours.corners[best]))
        most = max(most, abs(float(score - ours.scores[best])))
    return Outcome(len(theirs.scores), len(ours.scores), least, most)


def _overlap(theirs: Corners, ours: Corners) -> float:
    """Boxes outside the image are clipped to lines, which have no area to share: there the corners decide."""
    if min(np.ptp(theirs.reshape(2, 2), axis=0)) < LINE:
        return float(np.abs(theirs - ours).max() < LINE)
    return float(overlap(theirs.astype(np.float32), ours.astype(np.float32)[None])[0])
