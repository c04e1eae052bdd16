"""Models made here: real ONNX files, small enough to be read at a glance."""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
import pytest
from colour_model import colour_detector, write_model
from onnx import TensorProto, helper, numpy_helper

Array = npt.NDArray[np.generic]
TYPES = {
    "float32": TensorProto.FLOAT,
    "float16": TensorProto.FLOAT16,
    "int64": TensorProto.INT64,
    "uint8": TensorProto.UINT8,
}
Save = Callable[..., Path]


@pytest.fixture
def save(tmp_path: Path) -> Save:
    """Saves a model that gives the same outputs for every image."""

    def build(
        outputs: Mapping[str, Array],
        *,
        size: tuple[object, object] = (64, 64),
        metadata: Mapping[str, str] | None = None,
        extra: Mapping[str, tuple[str, list[object]]] | None = None,
        shape: list[object] | None = None,
        name: str = "model.onnx",
        dtype: str = "float32",
    ) -> Path:
        inputs = [helper.make_tensor_value_info("images", TYPES[dtype], shape or [1, 3, *size])]
        for port, (kind, sides) in (extra or {}).items():
            inputs.append(helper.make_tensor_value_info(port, TYPES[kind], sides))
        nodes = [
            helper.make_node("Constant", [], [key], value=numpy_helper.from_array(np.asarray(value), key))
            for key, value in outputs.items()
        ]
        infos = [
            helper.make_tensor_value_info(key, TYPES[str(value.dtype)], value.shape) for key, value in outputs.items()
        ]
        return write_model(helper.make_graph(nodes, "constant", inputs, infos), tmp_path / name, metadata)

    return build


@pytest.fixture
def colours(tmp_path: Path) -> Path:
    """A detector of red, green and blue."""
    return colour_detector(tmp_path / "colours.onnx")


@pytest.fixture
def colour_model() -> Callable[..., Path]:
    return colour_detector


@pytest.fixture
def comparing(tmp_path: Path) -> Callable[..., Path]:
    """Makes a detector of differences: one class, a cell's score is how far image and reference are apart in it."""

    def build(
        need: str | None = "required", name: str = "comparing.onnx", batch: object = 1, side: object = 64
    ) -> Path:
        shape, size = [batch, 3, 64, 64], [batch, 3, side, side]
        cells = np.arange(64)
        boxes = np.stack([cells % 8 * 8 + 4, cells // 8 * 8 + 4, np.full(64, 8), np.full(64, 8)]).astype(np.float32)
        nodes = [
            helper.make_node("Sub", ["images", "reference"], ["apart"]),
            helper.make_node("Abs", ["apart"], ["size"]),
            helper.make_node("AveragePool", ["size"], ["cells"], kernel_shape=[8, 8], strides=[8, 8]),
            helper.make_node("ReduceMax", ["cells"], ["most"], axes=[1], keepdims=1),
            helper.make_node("Reshape", ["most", "flat"], ["scores"]),
            helper.make_node("Concat", ["boxes", "scores"], ["output0"], axis=1),
        ]
        constants = [
            numpy_helper.from_array(np.array([1, 1, 64]), "flat"),
            numpy_helper.from_array(boxes[None], "boxes"),
        ]
        inputs = [
            helper.make_tensor_value_info("images", TensorProto.FLOAT, shape),
            helper.make_tensor_value_info("reference", TensorProto.FLOAT, size),
        ]
        output = helper.make_tensor_value_info("output0", TensorProto.FLOAT, [1, 5, 64])
        metadata = {"names": "['other']", "task": "detect", "imgsz": "[64, 64]"}
        if need is not None:
            metadata["reference"] = need
        return write_model(
            helper.make_graph(nodes, "comparing", inputs, [output], constants), tmp_path / name, metadata
        )

    return build


@pytest.fixture
def board() -> npt.NDArray[np.uint8]:
    """A grey image of 320 x 160 with one red square (x 80, y 40, 40 x 40) and nothing else."""
    image = np.full((160, 320, 3), 90, np.uint8)
    image[40:80, 80:120] = (0, 0, 255)
    return image


def reacting(path: Path, nodes: list[onnx.NodeProto], name: str, constants: Mapping[str, Array]) -> Path:
    """A YOLOv8 head without findings, whose nodes see `least`: the darkest value of the image, 0 to 1."""
    head = np.zeros((1, 7, 64), np.float32)
    start = helper.make_node("ReduceMin", ["images"], ["least"], keepdims=0)
    end = helper.make_node("Add", ["head", "zero"], ["output0"])
    values = {"head": head, **constants}
    graph = helper.make_graph(
        [start, *nodes, end],
        name,
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, 64, 64])],
        [helper.make_tensor_value_info("output0", TensorProto.FLOAT, [1, 7, 64])],
        [numpy_helper.from_array(np.asarray(value), key) for key, value in values.items()],
    )
    return write_model(graph, path, {"names": "['a', 'b', 'c']", "task": "detect"})


@pytest.fixture
def failing(tmp_path: Path) -> Path:
    """A model that fails at run time for a white image."""
    nodes = [
        helper.make_node("Mul", ["least", "thousand"], ["far"]),
        helper.make_node("Cast", ["far"], ["index"], to=TensorProto.INT64),
        helper.make_node("Gather", ["few", "index"], ["zero"]),
    ]
    return reacting(
        tmp_path / "failing.onnx", nodes, "failing", {"thousand": np.float32(1000), "few": np.zeros(3, np.float32)}
    )


@pytest.fixture
def endless(tmp_path: Path) -> Path:
    """A model that takes very long for a white image."""
    scalar = [helper.make_tensor_value_info(name, kind, []) for name, kind in (
        ("i", TensorProto.INT64), ("go_in", TensorProto.BOOL), ("x", TensorProto.FLOAT),
    )]  # fmt: skip
    body = helper.make_graph(
        [helper.make_node("Identity", ["go_in"], ["go_out"]), helper.make_node("Mul", ["x", "x"], ["y"])],
        "body",
        scalar,
        [
            helper.make_tensor_value_info("go_out", TensorProto.BOOL, []),
            helper.make_tensor_value_info("y", TensorProto.FLOAT, []),
        ],
    )
    nodes = [
        helper.make_node("Mul", ["least", "many"], ["far"]),
        helper.make_node("Cast", ["far"], ["trips"], to=TensorProto.INT64),
        helper.make_node("Loop", ["trips", "go", "nothing"], ["zero"], body=body),
    ]
    values = {"many": np.float32(2e8), "go": np.array(True), "nothing": np.float32(0)}
    return reacting(tmp_path / "endless.onnx", nodes, "endless", values)
