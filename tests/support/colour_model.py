"""A real ONNX file small enough to be read at a glance: a detector of single colours."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

COLOURS = ("red", "green", "blue")


def colour_detector(
    path: Path, names: tuple[str, ...] = COLOURS, gain: float = 1.0, version: str | None = None
) -> Path:
    """64 x 64, one anchor per 8 x 8 cell, a class for each of the first colours, called `names`.

    A score is how much of its colour a cell has and the other two lack.
    """
    count = len(names)
    cells = np.arange(64)
    boxes = np.stack([cells % 8 * 8 + 4, cells // 8 * 8 + 4, np.full(64, 8), np.full(64, 8)]).astype(np.float32)
    mix = gain * np.array([[1, -0.5, -0.5], [-0.5, 1, -0.5], [-0.5, -0.5, 1]], np.float32)[:count]
    nodes = [
        helper.make_node("AveragePool", ["images"], ["cells"], kernel_shape=[8, 8], strides=[8, 8]),
        helper.make_node("Conv", ["cells", "mix"], ["mixed"]),
        helper.make_node("Clip", ["mixed", "zero", "one"], ["scores4"]),
        helper.make_node("Reshape", ["scores4", "flat"], ["scores"]),
        helper.make_node("Concat", ["boxes", "scores"], ["output0"], axis=1),
    ]
    constants = [
        numpy_helper.from_array(mix.reshape(count, 3, 1, 1), "mix"),
        numpy_helper.from_array(np.float32(0), "zero"),
        numpy_helper.from_array(np.float32(1), "one"),
        numpy_helper.from_array(np.array([1, count, 64]), "flat"),
        numpy_helper.from_array(boxes[None], "boxes"),
    ]
    graph = helper.make_graph(
        nodes,
        "colours",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, 64, 64])],
        [helper.make_tensor_value_info("output0", TensorProto.FLOAT, [1, 4 + count, 64])],
        constants,
    )
    metadata = {"names": str(dict(enumerate(names))), "task": "detect", "stride": "8", "imgsz": "[64, 64]"}
    return write_model(graph, path, metadata | ({"version": version} if version else {}))


def write_model(graph: onnx.GraphProto, path: Path, metadata: Mapping[str, str] | None = None) -> Path:
    """The file of a graph."""
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    helper.set_model_props(model, dict(metadata or {}))
    onnx.save(model, str(path))
    return path
