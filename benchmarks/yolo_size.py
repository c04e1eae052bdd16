"""A net as large as YOLOv8n (8.7 GFLOP, 3.2 M parameters, output (1, 84, 8400)) with weights that mean nothing."""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

SIDE, CLASSES = 640, 80
STAGES = ((16, 0), (32, 2), (64, 4), (128, 4), (256, 3))
"""Channels and further convolutions of each halving of the image; the last three have a head."""
HEAD = 80
RARE = -6.0
"""Bias of the class logits: some dozen cells of an image then reach 0.75."""


def write_yolo_size(path: Path) -> None:
    """Write the model, with the metadata of a YOLOv8 export."""
    net = _Net()
    before, at, heads = 3, "images", []
    for number, (width, more) in enumerate(STAGES):
        at = net.convolution(at, before, width, 3, stride=2)
        for _ in range(more):
            at = net.convolution(at, width, width, 3)
        before = width
        if number >= 2:
            inner = net.convolution(net.convolution(at, width, HEAD, 3), HEAD, HEAD, 1)
            heads.append((net.head(inner, 4, 0.0), net.head(inner, CLASSES, RARE)))
    boxes = net.add("Concat", [_scaled(net, box) for box, _ in heads], axis=2)
    scores = net.add("Sigmoid", [net.add("Concat", [score for _, score in heads], axis=2)])
    net.add("Concat", [net.add("Add", [boxes, net.constant(_centres())]), scores], axis=1, output="output0")
    graph = helper.make_graph(
        net.nodes,
        "yolo-size",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, SIDE, SIDE])],
        [helper.make_tensor_value_info("output0", TensorProto.FLOAT, [1, 4 + CLASSES, 8400])],
        net.constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    names = {number: f"n{number}" for number in range(CLASSES)}
    helper.set_model_props(model, {"task": "detect", "names": str(names), "imgsz": str([SIDE, SIDE])})
    onnx.save(model, str(path))


class _Net:
    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []
        self._dice = np.random.default_rng(5)

    def add(self, kind: str, inputs: list[str], output: str = "", **attributes: object) -> str:
        output = output or f"t{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    def constant(self, value: np.ndarray) -> str:
        self.constants.append(numpy_helper.from_array(value, f"c{len(self.constants)}"))
        return self.constants[-1].name

    def convolution(self, at: str, inputs: int, outputs: int, size: int, stride: int = 1) -> str:
        made = self._plain(at, inputs, outputs, size, stride, 0.0)
        return self.add("Mul", [made, self.add("Sigmoid", [made])])

    def head(self, at: str, outputs: int, bias: float) -> str:
        return self.add(
            "Reshape", [self._plain(at, HEAD, outputs, 1, 1, bias), self.constant(np.array([1, outputs, -1]))]
        )

    def _plain(self, at: str, inputs: int, outputs: int, size: int, stride: int, bias: float) -> str:
        spread = 1.6 / np.sqrt(inputs * size * size)
        weights = self._dice.normal(0, spread, (outputs, inputs, size, size)).astype(np.float32)
        names = [at, self.constant(weights), self.constant(np.full(outputs, bias, np.float32))]
        return self.add("Conv", names, pads=[size // 2] * 4, strides=[stride, stride])


def _scaled(net: _Net, box: str) -> str:
    return net.add("Mul", [net.add("Sigmoid", [box]), net.constant(np.array(60, np.float32))])


def _centres() -> np.ndarray:
    """What is added to cx, cy, w, h of each cell (1, 4, 8400)."""
    levels = []
    for stride in (8, 16, 32):
        y, x = np.mgrid[0 : SIDE // stride, 0 : SIDE // stride] * stride
        levels.append(np.stack([x.ravel(), y.ravel(), np.zeros(x.size), np.zeros(x.size)]))
    return np.concatenate(levels, axis=1)[None].astype(np.float32)
