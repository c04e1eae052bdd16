"""Ultralytics' own export of each of its heads; its own predictor runs the exported file and decodes it."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
import ultralytics
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, quantize_static

from exporters.case import IOU, Boxes, Case, Image, boxes, picture
from exporters.random_weights import liven, spread

SIDE = 320
SIZE = (500, 300)
Model = Any
EXPORTS: dict[str, tuple[str, str, dict[str, object]]] = {
    "yolov8n": ("yolov8n.yaml", "yolov8", {}),
    "yolov8n dynamic": ("yolov8n.yaml", "yolov8", {"dynamic": True}),
    "yolov8n fp16": ("yolov8n.yaml", "yolov8", {"quantize": 16}),
    "yolov8n with NMS": ("yolov8n.yaml", "end-to-end", {"nms": True, "conf": 1e-4, "iou": IOU}),
    "yolov5nu": ("yolov5n.yaml", "yolov8", {}),
    "yolov9t": ("yolov9t.yaml", "yolov8", {}),
    "yolo11n": ("yolo11n.yaml", "yolov8", {}),
    "yolo12n": ("yolo12n.yaml", "yolov8", {}),
    "yolov10n, head without NMS": ("yolov10n.yaml", "end-to-end", {"nms": False}),
    "yolo26n": ("yolo26n.yaml", "yolov8", {}),
    "yolo26n, head without NMS": ("yolo26n.yaml", "end-to-end", {"nms": False}),
    "rtdetr-resnet50": ("rtdetr-resnet50.yaml", "rtdetr-ultralytics", {}),
}


def cases(folder: Path) -> Iterator[Case]:
    """Exports into `folder`."""
    for name, (config, layout, options) in EXPORTS.items():
        net, kind = _net(config)
        made = Path(net.export(format="onnx", imgsz=SIDE, verbose=False, **options))
        path = folder / f"ultralytics-{name.replace(' ', '-').replace(',', '')}.onnx"
        shutil.move(made, path)
        # RT-DETR is resized by another rule; YOLOv10's untrained attention gives 1.0 everywhere once there is padding.
        size = (SIDE, SIDE) if name.startswith(("rtdetr", "yolov10")) else SIZE
        yield Case(f"ultralytics {name}", layout, path, _decoder(path, kind), size)
        if name == "yolov8n":
            yield _int8(path, kind)
    yield _classifier(folder)


def _net(config: str) -> tuple[Model, Callable[..., Model]]:
    torch.manual_seed(1)
    kind = ultralytics.RTDETR if "rtdetr" in config else ultralytics.YOLO
    net = kind(config)
    image = (
        torch.from_numpy(np.ascontiguousarray(picture((SIDE, SIDE))[..., ::-1])).permute(2, 0, 1)[None].float() / 255
    )
    liven(net.model.eval(), image)
    head = net.model.model[-1]
    for branch in (*getattr(head, "cv3", ()), *getattr(head, "one2one_cv3", ())):
        spread(branch[-1], -2.0, 0.3)
    for branch in (*getattr(head, "cv2", ()), *getattr(head, "one2one_cv2", ())):
        spread(branch[-1], 3.0, 0.3)  # distances from the cell to the box's four sides: positive in a trained net
    return net, kind


def _decoder(path: Path, kind: Callable[..., Model]):  # type: ignore[no-untyped-def]
    def decode(image: Image, floor: float) -> Boxes:
        # rect=False: the file has a fixed size, also where it is dynamic it is ours to choose
        net = kind(str(path)) if kind is ultralytics.RTDETR else kind(str(path), task="detect")
        found = net.predict(image, imgsz=SIDE, conf=floor, iou=IOU, max_det=1000, rect=False, verbose=False)[0].boxes
        corners = np.clip(found.xyxy, 0, [image.shape[1], image.shape[0]] * 2)
        return boxes(corners, found.conf, found.cls)

    return decode


def _int8(path: Path, kind: Callable[..., Model]) -> Case:
    """Static quantisation by onnxruntime's own tool, the head's last layers left in floats as its guide advises."""
    import onnx  # noqa: PLC0415

    class Pictures(CalibrationDataReader):  # type: ignore[misc]
        def __init__(self) -> None:
            self._left = [picture((SIDE, SIDE), seed) for seed in range(4)]

        def get_next(self) -> dict[str, object] | None:
            if not self._left:
                return None
            rgb = self._left.pop()[..., ::-1].transpose(2, 0, 1)[None]
            return {"images": np.ascontiguousarray(rgb, np.float32) / 255}

    made = path.with_name("ultralytics-yolov8n-int8.onnx")
    head = [node.name for node in onnx.load(path).graph.node if "/model.22/" in node.name and "conv" not in node.name]
    quantize_static(path, made, Pictures(), quant_format=QuantFormat.QDQ, nodes_to_exclude=head)
    return Case("ultralytics yolov8n int8", "yolov8", made, _decoder(made, kind), SIZE)


def _classifier(folder: Path) -> Case:
    torch.manual_seed(1)
    net = ultralytics.YOLO("yolov8n-cls.yaml")
    liven(net.model.eval(), torch.rand(8, 3, 224, 224))
    path = folder / "ultralytics-yolov8n-cls.onnx"
    shutil.move(Path(net.export(format="onnx", imgsz=224, verbose=False)), path)

    def decode(image: Image, floor: float) -> Boxes:
        scores = ultralytics.YOLO(str(path), task="classify").predict(image, imgsz=224, verbose=False)[0].probs.data
        count = len(scores)
        return boxes(np.tile([0, 0, 224, 224], (count - 1, 1)), scores[1:], np.arange(1, count)).above(floor)

    return Case("ultralytics yolov8n-cls", "classification", path, decode, (224, 224), 'good = ["0"]\n')
