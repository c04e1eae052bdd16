"""One image through one model: boxes in pixels of the image."""

import time
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from jidoka.inference.model import Model
from jidoka.inference.nms import suppress
from jidoka.inference.reference import Golden
from jidoka.schemas import Box


@dataclass(frozen=True, slots=True)
class Finding:
    """One box of one class."""

    name: str
    confidence: float
    box: Box


@dataclass(frozen=True, slots=True)
class Findings:
    """Findings, most confident first; `best` is the highest confidence of all candidates, found or not."""

    found: tuple[Finding, ...]
    best: float
    prepare_ms: float
    model_ms: float
    finish_ms: float


def find(
    model: Model, image: npt.NDArray[np.uint8], floor: float, iou: float, golden: Golden | None = None
) -> Findings:
    """What the model sees at or above `floor` in (h, w) grey or (h, w, 3) BGR, compared with `golden` if it compares.

    Raises ModelRefused when the model fails, NoGolden when image and golden image do not lie alike.
    """
    started = time.perf_counter()
    where = model.canvas.fill(image)
    if model.reference:
        model.reference.show(golden, where)
    filled = time.perf_counter()
    outputs = model.run()
    ran = time.perf_counter()
    candidates = model.recipe.decode(outputs, floor)
    boxes, scores, classes = candidates.boxes, candidates.scores, candidates.classes
    if model.recipe.suppress:
        order = suppress(boxes, scores, classes, iou)
    else:
        order = np.argsort(-scores, kind="stable")
    found = tuple(
        Finding(model.recipe.name_of(int(classes[i])), min(float(scores[i]), 1.0), _box(corners))
        for i, corners in zip(order, where.to_image(boxes[order]).tolist(), strict=True)
    )
    done = time.perf_counter()
    return Findings(found, candidates.best, *(_ms(started, filled), _ms(filled, ran), _ms(ran, done)))


def _box(corners: list[float]) -> Box:
    left, top, right, bottom = corners
    return Box(x=left, y=top, width=max(0.0, right - left), height=max(0.0, bottom - top))


def _ms(start: float, end: float) -> float:
    return round((end - start) * 1000, 3)
