"""Tells layouts apart from the graph, its metadata and the outputs of one trial run, the surest signs first.

An output that fits two layouts is refused rather than guessed: a model misread passes bad parts in silence.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from jidoka.inference.errors import ModelRefused
from jidoka.inference.graph import Graph, class_names
from jidoka.inference.layouts.yolo import anchors

Arrays = Sequence[npt.NDArray[Any]]
ADVICE = "name its layout in the sidecar"


@dataclass(frozen=True, slots=True)
class Match:
    """A layout and the order in which its decoder wants the outputs."""

    layout: str
    order: tuple[int, ...] = (0,)


@dataclass(frozen=True, slots=True)
class Trial:
    """The graph, the size it was run at, and what it gave for one noise image."""

    graph: Graph
    width: int
    height: int
    outputs: Arrays

    def place_of(self, *names: str) -> tuple[int, ...] | None:
        """Positions of the outputs of those names, or None when one is missing."""
        given = self.graph.output_names()
        return tuple(given.index(name) for name in names) if set(names) <= set(given) else None


Rule = Callable[[Trial], Match | None]


def recognise(trial: Trial, layout: str | None = None) -> Match:
    """The layout of a model; `layout` is what the sidecar says. Raises ModelRefused."""
    if layout is not None:
        return Match(layout, _order_for(layout, trial))
    for rule in _RULES:
        match = rule(trial)
        if match:
            return match
    shapes = ", ".join(f"{port.name} {list(array.shape)}" for port, array in _named(trial))
    raise ModelRefused(f"outputs of no known layout ({shapes}): {ADVICE}")


def _named(trial: Trial) -> list[tuple[Any, npt.NDArray[Any]]]:
    return list(zip(trial.graph.outputs, trial.outputs, strict=True))


def _ultralytics(trial: Trial) -> Match | None:
    metadata = trial.graph.metadata
    task = metadata.get("task")
    if task is None:
        return None
    if task == "classify":
        return Match("classification")
    if task != "detect":
        raise ModelRefused(f"its task is {task!r}: only detect and classify are supported")
    shape = trial.outputs[0].shape
    if metadata.get("head") == "RTDETRDecoder" and shape[-1] == 6:
        return Match("rtdetr-ultralytics")
    classes = len(class_names(metadata))
    if len(shape) == 3 and shape[1] == 4 + classes and shape[2] != 6:
        return Match("yolov8")
    if len(shape) == 3 and shape[2] == 6 and metadata.get("head", "Detect") != "RTDETRDecoder":
        return Match("end-to-end")
    raise ModelRefused(f"its metadata names {classes} classes, which its output {list(shape)} contradicts")


def _sizes_input(trial: Trial) -> Match | None:
    """The RT-DETR lineage takes the image's size as a second input and gives boxes in its pixels."""
    if not any(port.dtype == "int64" and len(port.shape) == 2 for port in trial.graph.inputs[1:]):
        return None
    order = _by_kind(trial.outputs)
    return Match("rt-detr", order) if order else None


def _by_name(trial: Trial) -> Match | None:
    found = trial.place_of("dets", "labels")
    if found:
        floats = trial.outputs[found[1]].dtype.kind == "f"
        return Match("rf-detr", found[::-1]) if floats else Match("mmdeploy", found)
    if trial.place_of("logits", "pred_boxes"):
        raise ModelRefused(
            "its logits may need sigmoid or softmax: name the layout hf-rt-detr or hf-detr in the sidecar"
        )
    for layout, names in _NAMED.items():
        found = trial.place_of(*names)
        if found:
            return Match(layout, found)
    return None


_NAMED = {
    "label-xyxy-score": ("label_xyxy_score",),
    "efficient-nms": ("num_dets", "det_boxes", "det_scores", "det_classes"),
    "tf-detection": ("detection_boxes", "detection_scores", "detection_classes", "num_detections"),
    "ssd": ("labels", "bboxes", "scores"),
}
_ORDERED = {
    **_NAMED,
    "rf-detr": ("labels", "dets"),
    "mmdeploy": ("dets", "labels"),
    "hf-rt-detr": ("logits", "pred_boxes"),
    "hf-detr": ("logits", "pred_boxes"),
}


def _separate(trial: Trial) -> Match | None:
    """torchvision: the labels are told from the scores by their type, whatever the outputs are called."""
    order = _by_kind(trial.outputs) if len(trial.outputs) == 3 else None
    flat = order is not None and trial.outputs[order[1]].ndim == 2
    return Match("torchvision", order) if flat and order else None


def _by_kind(outputs: Arrays) -> tuple[int, ...] | None:
    """Positions of labels (integers), boxes (last dimension 4) and scores, or None."""
    labels = [i for i, a in enumerate(outputs) if a.dtype.kind in "iu"]
    boxes = [i for i, a in enumerate(outputs) if a.dtype.kind == "f" and a.ndim >= 2 and a.shape[-1] == 4]
    scores = [i for i, a in enumerate(outputs) if a.dtype.kind == "f" and i not in boxes]
    if len(labels) == len(boxes) == len(scores) == 1:
        return labels[0], boxes[0], scores[0]
    return None


def _two(trial: Trial) -> Match | None:
    """YOLO-NAS: boxes (1, A, 4) and scores (1, A, nc)."""
    if len(trial.outputs) != 2:
        return None
    shapes = [output.shape for output in trial.outputs]
    count = anchors(trial.width, trial.height)
    if shapes[0] == (1, count, 4) and len(shapes[1]) == 3 and shapes[1][1] == count:
        return Match("yolo-nas", (0, 1))
    return None


def _single(trial: Trial) -> Match | None:
    if len(trial.outputs) != 1:
        return None
    shape = trial.outputs[0].shape
    if len(shape) == 4 and shape[-1] == 7 and shape[1] == 1:
        return Match("detection-output")
    if len(shape) == 2 and shape[0] == 1 and shape[1] > 1 and shape[1] != 7:
        return Match("classification")
    if len(shape) == 2 and shape[1] == 7:
        return Match("yolov7-nms")
    if len(shape) != 3:
        return None
    return _anchored(trial) or (_six(trial.outputs[0]) if shape[2] == 6 else None)


def _anchored(trial: Trial) -> Match | None:
    _, first, last = trial.outputs[0].shape
    count = anchors(trial.width, trial.height)
    if last == count and first > 4:
        return Match("yolov8")
    if first == 3 * count and last > 5:
        return Match("yolov5")
    if first == count and last > 5:
        return Match(_one_per_point(trial.outputs[0][0]))
    return None


def _one_per_point(rows: npt.NDArray[Any]) -> str:
    """YOLOX leaves boxes in grid units, within a few of 0; decoded ones span the image. YOLOv6's objectness is 1."""
    if np.abs(rows[:, :2]).max() < 16:
        return "yolox"
    return "yolov6" if bool((rows[:, 4] == 1).all()) else "yolox-decoded"


def _six(output: npt.NDArray[Any]) -> Match:
    rows = output.reshape(-1, 6)
    rows = rows[np.abs(rows).sum(axis=1) > 0]
    if not len(rows):
        raise ModelRefused(f"its rows of six were empty for the trial image, so their order is not proved: {ADVICE}")
    first, last = _whole(rows[:, 0]), _whole(rows[:, 5])
    if np.abs(rows[:, 1:4]).max() > 1.5 and last:
        return Match("end-to-end")
    if np.abs(rows[:, 1:4]).max() <= 1.5 and first != last:
        return Match("label-xyxy-score" if first else "rtdetr-ultralytics")
    raise ModelRefused(f"its rows of six fit no known order: {ADVICE}")


def _whole(values: npt.NDArray[Any]) -> bool:
    return bool((values == np.round(values)).all())


def _order_for(layout: str, trial: Trial) -> tuple[int, ...]:
    names = _ORDERED.get(layout)
    if names:
        found = trial.place_of(*names)
        if found is None:
            raise ModelRefused(f"the sidecar says {layout}, which has the outputs {', '.join(names)}")
        return found
    if layout in ("torchvision", "rt-detr"):
        order = _by_kind(trial.outputs)
        if order is None:
            raise ModelRefused(f"the sidecar says {layout}, which has labels, boxes and scores as outputs")
        return order
    return tuple(range(len(trial.outputs)))


_RULES: tuple[Rule, ...] = (_ultralytics, _sizes_input, _by_name, _separate, _two, _single)
