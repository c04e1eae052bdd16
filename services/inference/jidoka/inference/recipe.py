"""Everything needed to use a model: how it is fed, how its outputs are read, what its classes are called."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from jidoka.inference.errors import ModelRefused
from jidoka.inference.form import Form, Triple
from jidoka.inference.geometry import Fit
from jidoka.inference.graph import Graph, Port, class_names, image_size
from jidoka.inference.heads import HEADS, Context, Head
from jidoka.inference.layouts.candidates import Decode
from jidoka.inference.recognise import Match, Trial, recognise
from jidoka.inference.reference import Need
from jidoka.inference.sidecar import Sidecar

LARGEST_SIDE = 8192
REFERENCE = "reference"
"""The name of the input for a golden image, and of the metadata that says whether it is needed."""
SIZE_WHERE_RESIZING_IS_INSIDE = (640, 640)
"""For the trial run of torchvision's models, which take any size and give three outputs."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How one model is used."""

    layout: str
    form: Form
    order: tuple[int, ...]
    decode: Decode
    names: tuple[str, ...]
    suppress: bool
    reference: Need | None = None

    def name_of(self, number: int) -> str:
        """What the class of that number is called."""
        return self.names[number] if 0 <= number < len(self.names) else f"class {number}"


def image_form(graph: Graph, sidecar: Sidecar) -> Form:
    """Name, size, type and axes of the image input. Raises ModelRefused."""
    if not graph.inputs:
        raise ModelRefused("it has no input")
    port = graph.inputs[0]
    if port.dtype not in ("float32", "float16", "uint8"):
        raise ModelRefused(f"its input {port.name} is {port.dtype}, not float32, float16 or uint8")
    if len(port.shape) not in (3, 4) or (len(port.shape) == 4 and port.shape[0] not in (1, None)):
        raise ModelRefused(f"its input {port.name} {_text(port)} is not one image")
    axes = port.shape[-3:]
    last = axes[0] not in (1, 3) and axes[2] in (1, 3)
    channels, height, width = (axes[2], axes[0], axes[1]) if last else axes
    if channels not in (1, 3, None):
        raise ModelRefused(f"its input {port.name} {_text(port)} has {channels} channels, not 1 or 3")
    size = _size(graph, sidecar, width, height)
    return Form(port.name, *size, port.dtype, channels or 3, last, batched=len(port.shape) == 4)


def extra_inputs(graph: Graph, form: Form) -> dict[str, npt.NDArray[np.generic]]:
    """Values for the inputs beside the image, constant but for the reference. Raises ModelRefused for others."""
    values: dict[str, npt.NDArray[np.generic]] = {}
    for port in graph.inputs[1:]:
        if port.dtype == "int64" and len(port.shape) == 2 and port.shape[1] in (2, None):
            values[port.name] = np.array([[form.width, form.height]], np.int64)
        elif port.name == "pixel_mask":
            values[port.name] = np.ones((1, form.height, form.width), np.int64)
        elif port.name == REFERENCE:
            if (port.dtype, port.shape) != (graph.inputs[0].dtype, graph.inputs[0].shape):
                raise ModelRefused(f"its input {REFERENCE} {_text(port)} is not like its image input")
            values[port.name] = np.zeros(form.shape(), form.dtype)
        else:
            raise ModelRefused(f"its input {port.name} {_text(port)} is not known")
    return values


def write_recipe(trial: Trial, form: Form, sidecar: Sidecar) -> Recipe:
    """The recipe of a model after its trial run. Raises ModelRefused."""
    if sidecar.layout is not None and sidecar.layout not in HEADS:
        raise ModelRefused(f"the sidecar's layout {sidecar.layout!r} is none of {', '.join(HEADS)}")
    match = recognise(trial, sidecar.layout)
    names = _names(trial, match, sidecar)
    head = HEADS[match.layout]
    fed = _fed(trial.graph, form, head, sidecar)
    good = frozenset(names.index(name) for name in sidecar.good if name in names)
    if match.layout == "classification" and len(good) != len(sidecar.good or [""]):
        raise ModelRefused("a classification needs `good` in its sidecar: the classes that are no defect")
    context = Context(form.width, form.height, len(names), good)
    need = _need(trial.graph, fed)
    return Recipe(match.layout, fed, match.order, head.decode(context), names, head.suppress, need)


def _need(graph: Graph, form: Form) -> Need | None:
    """Whether it compares with a golden image; without a word in the metadata the image is required."""
    if all(port.name != REFERENCE for port in graph.inputs[1:]):
        return None
    said = graph.metadata.get(REFERENCE, Need.REQUIRED)
    if said not in list(Need):
        raise ModelRefused(f"the metadata `{REFERENCE}` is {said[:60]!r}, not {' or '.join(Need)}")
    if form.fit is Fit.NATIVE:
        raise ModelRefused(f"it has the input {REFERENCE} and takes images of any size")
    return Need(said)


def _fed(graph: Graph, form: Form, head: Head, sidecar: Sidecar) -> Form:
    scale, shift = head.scale, head.shift
    if form.dtype == "uint8":
        scale, shift = (1.0, 1.0, 1.0), (0.0, 0.0, 0.0)
    elif sidecar.divide is not None or sidecar.mean is not None or sidecar.std is not None:
        scale, shift = _normalisation(sidecar)
    fixed = None not in graph.inputs[0].shape[-3:]
    fit = sidecar.fit or (Fit.LETTERBOX if head.fit is Fit.NATIVE and fixed else head.fit)
    bgr = head.bgr if sidecar.bgr is None else sidecar.bgr
    return replace(form, fit=fit, bgr=bgr, scale=scale, shift=shift)


def _normalisation(sidecar: Sidecar) -> tuple[Triple, Triple]:
    """mean and std are of pixels already divided."""
    divide, mean, std = sidecar.divide or 255.0, sidecar.mean or (0.0, 0.0, 0.0), sidecar.std or (1.0, 1.0, 1.0)
    if not all(std):
        raise ModelRefused("the sidecar's std holds a zero")
    return (
        (1 / (divide * std[0]), 1 / (divide * std[1]), 1 / (divide * std[2])),
        (-mean[0] / std[0], -mean[1] / std[1], -mean[2] / std[2]),
    )


def _names(trial: Trial, match: Match, sidecar: Sidecar) -> tuple[str, ...]:
    count = _class_count(trial, match)
    own = class_names(trial.graph.metadata)
    if sidecar.classes and own and len(sidecar.classes) != len(own):
        raise ModelRefused(f"the sidecar names {len(sidecar.classes)} classes and the model {len(own)}")
    names = tuple(sidecar.classes or own)
    if match.layout in ("rf-detr", "hf-rt-detr"):
        if not names or (count is not None and len(names) > count):
            raise ModelRefused(
                f"which of its {count} {match.layout} slots are classes is not said: list them in the sidecar"
            )
    elif names and count is not None and len(names) != count:
        raise ModelRefused(f"it has {count} classes and {len(names)} names")
    return names


def _class_count(trial: Trial, match: Match) -> int | None:
    """Classes by the shape of the output, where it tells."""
    shape = trial.outputs[match.order[0]].shape
    if match.layout == "yolov8":
        return int(shape[1]) - 4
    if match.layout in ("yolov5", "yolov6", "yolox", "yolox-decoded"):
        return int(shape[2]) - 5
    if match.layout == "yolo-nas":
        return int(trial.outputs[1].shape[2])
    if match.layout in ("classification", "rf-detr", "hf-rt-detr"):
        return int(shape[-1])
    return int(shape[-1]) - 1 if match.layout == "hf-detr" else None


def _size(graph: Graph, sidecar: Sidecar, width: int | None, height: int | None) -> tuple[int, int]:
    said = image_size(graph.metadata)
    if said is None and len(graph.outputs) == 3:
        said = SIZE_WHERE_RESIZING_IS_INSIDE
    wide = width or sidecar.width or (said[0] if said else None)
    high = height or sidecar.height or (said[1] if said else None)
    if wide is None or high is None:
        raise ModelRefused("its input has no fixed size and no metadata says one: give width and height in the sidecar")
    if max(wide, high) > LARGEST_SIDE:
        raise ModelRefused(f"its input of {wide} x {high} pixels is larger than {LARGEST_SIDE}")
    return wide, high


def _text(port: Port) -> str:
    return "[" + ", ".join("?" if side is None else str(side) for side in port.shape) + "]"
