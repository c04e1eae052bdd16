"""YOLOv5's own net and export; its own non-maximum suppression decodes."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from unittest.mock import patch

import numpy as np
import torch
from yolov5.export import export_onnx
from yolov5.models.yolo import DetectionModel
from yolov5.utils.augmentations import letterbox
from yolov5.utils.general import non_max_suppression, scale_boxes

from exporters.case import IOU, Boxes, Case, Image, boxes, picture
from exporters.random_weights import liven, spread

SIDE, SIZE, CLASSES = 320, (500, 300), 6


def cases(folder: Path) -> Iterator[Case]:
    """Exports into `folder`."""
    import yolov5  # noqa: PLC0415

    torch.manual_seed(1)
    config = Path(yolov5.__file__).parent / "models/yolov5n.yaml"
    net = DetectionModel(str(config), ch=3, nc=CLASSES).eval()
    tensor = _tensor(picture((SIDE, SIDE)))
    liven(net, tensor)
    for layer in net.model[-1].m:
        spread(layer, -0.5)
    net.model[-1].export = True
    path = folder / "yolov5n.onnx"
    # Its code is older than torch's other exporter, which has become the default.
    with patch.object(torch.onnx, "export", partial(torch.onnx.export, dynamo=False)):
        export_onnx(net, tensor, path, 17, dynamic=False, simplify=False)
    net.model[-1].export = False

    def decode(image: Image, floor: float) -> Boxes:
        with torch.no_grad():
            output = net(_tensor(image))[0]
        rows = non_max_suppression(output, floor, IOU, max_det=1000)[0]
        corners = scale_boxes((SIDE, SIDE), rows[:, :4], image.shape)
        return boxes(corners, rows[:, 4], rows[:, 5])

    yield Case("yolov5n", "yolov5", path, decode, SIZE)


def _tensor(image: Image) -> torch.Tensor:
    fitted = letterbox(image, SIDE, auto=False)[0]
    return torch.from_numpy(np.ascontiguousarray(fitted[..., ::-1].transpose(2, 0, 1)))[None].float() / 255
