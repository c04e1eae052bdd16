"""The layouts by name: how each is fed and decoded."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from jidoka.inference.form import UNIT, ZERO, Triple, imagenet
from jidoka.inference.geometry import Fit
from jidoka.inference.layouts import named, rows, yolo
from jidoka.inference.layouts.candidates import Decode

RAW: Triple = (1.0, 1.0, 1.0)


@dataclass(frozen=True, slots=True)
class Context:
    """What a decoder may need to know: size of the input, number of classes, the numbers of the good ones."""

    width: int
    height: int
    classes: int
    good: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Head:
    """One layout. `suppress`: its boxes need non-maximum suppression."""

    decode: Callable[[Context], Decode]
    suppress: bool = False
    fit: Fit = Fit.LETTERBOX
    bgr: bool = False
    scale: Triple = UNIT
    shift: Triple = ZERO
    first_label: int = 0


def _always(decode: Decode) -> Callable[[Context], Decode]:
    return lambda _: decode


def _sized(decode: Callable[..., object]) -> Callable[[Context], Decode]:
    return lambda context: partial(decode, width=context.width, height=context.height)  # type: ignore[return-value]


def _queries(context: Context) -> Decode:
    return partial(named.queries, width=context.width, height=context.height, classes=context.classes)


def _classify(context: Context) -> Decode:
    return partial(named.whole_image, width=context.width, height=context.height, good=context.good)


IMAGENET = imagenet()
HEADS: dict[str, Head] = {
    "yolov8": Head(_always(yolo.channels_first), suppress=True),
    "yolov5": Head(_always(yolo.with_objectness), suppress=True),
    "yolov6": Head(_always(yolo.with_objectness), suppress=True),
    "yolox": Head(_sized(yolo.grid_units), suppress=True, fit=Fit.CORNER, bgr=True, scale=RAW),
    "yolox-decoded": Head(_always(yolo.with_objectness), suppress=True, fit=Fit.CORNER, bgr=True, scale=RAW),
    "yolo-nas": Head(_always(yolo.boxes_and_scores), suppress=True),
    "end-to-end": Head(_always(rows.end_to_end)),
    "yolov7-nms": Head(_always(rows.batch_first)),
    "rtdetr-ultralytics": Head(_sized(rows.end_to_end_centred), fit=Fit.STRETCH),
    "label-xyxy-score": Head(_sized(rows.label_first), fit=Fit.STRETCH),
    "detection-output": Head(_sized(rows.detection_output), fit=Fit.STRETCH),
    "rt-detr": Head(_always(named.labels_boxes_scores), fit=Fit.STRETCH),
    "rf-detr": Head(_queries, fit=Fit.STRETCH, scale=IMAGENET[0], shift=IMAGENET[1]),
    "hf-rt-detr": Head(_queries, fit=Fit.STRETCH),
    "hf-detr": Head(_sized(named.queries_softmax), fit=Fit.STRETCH, scale=IMAGENET[0], shift=IMAGENET[1]),
    "torchvision": Head(_always(partial(named.labels_boxes_scores, first_label=1)), fit=Fit.NATIVE, first_label=1),
    "ssd": Head(_sized(named.normalised_boxes), fit=Fit.STRETCH, scale=IMAGENET[0], shift=IMAGENET[1], first_label=1),
    "tf-detection": Head(_sized(named.detection_boxes), fit=Fit.STRETCH, scale=RAW, first_label=1),
    "mmdeploy": Head(_always(named.dets_labels), fit=Fit.CORNER),
    "efficient-nms": Head(_always(named.efficient_nms)),
    "classification": Head(_classify, fit=Fit.CROP),
}
