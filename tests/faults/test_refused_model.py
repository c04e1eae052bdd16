"""Files that are no good are put in the model's place while 20 frames a second come in: the old one runs on."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from bus_tap import Tap, tap
from inspecting import SCOPE, camera, detector, inspections, service, until_made_by, until_ready
from line_stack import wait_for
from onnx import TensorProto, helper, numpy_helper

from jidoka.runtime.testing import mosquitto

IMAGE = helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, 64, 64])


def test_every_bad_file_is_refused_with_one_sentence_and_no_frame_is_lost(tmp_path: Path) -> None:
    model, good = tmp_path / "colours.onnx", tmp_path / "good"
    first = detector(model, "first")
    shutil.copyfile(model, good)
    topics = (f"{SCOPE}/inspections/#", f"{SCOPE}/conditions/#")
    with mosquitto() as broker, service(broker, tmp_path, model), tap(broker.port, *topics) as bus:
        until_ready(bus)
        with camera(bus) as sent:
            until_made_by(bus, first)
            for number, (write, says) in enumerate(BAD):
                write(tmp_path / "bad.onnx", good)
                (tmp_path / "bad.onnx").replace(model)
                message = _condition(bus, number, active=True)
                print(message)
                assert says in message
                assert "\n" not in message
                model.with_suffix(".toml").unlink(missing_ok=True)
                shutil.copyfile(good, tmp_path / "again.onnx")
                (tmp_path / "again.onnx").replace(model)
                _condition(bus, number, active=False)
        wait_for("an inspection of every frame", lambda: set(sent) <= {row["frame_id"] for row in inspections(bus)}, 30)
        made = [row for row in inspections(bus) if row["frame_id"] in set(sent)]
    assert sorted(row["frame_id"] for row in made) == sorted(sent)
    assert {(row["verdict"], row["model"]["sha256"]) for row in made} == {("fail", first)}


def _condition(bus: Tap, number: int, active: bool) -> str:
    """The message of the `number`th alarm that was raised, or cleared."""

    def found() -> list[dict[str, Any]]:
        rows = [json.loads(payload) for topic, payload, _ in list(bus.seen) if "/conditions/" in topic]
        return [row for row in rows if row["active"] is active and row["code"] == "model-refused"]

    wait_for("the alarm", lambda: len(found()) > number, 60)
    return str(found()[number]["message"])


def _truncated(path: Path, good: Path) -> None:
    path.write_bytes(good.read_bytes()[:-300])


def _text(path: Path, _: Path) -> None:
    path.write_text("I am a text file and no model.\n" * 20)


def _of_no_layout(path: Path, _: Path) -> None:
    _saved(path, [helper.make_node("ReduceMean", ["images"], ["out"], axes=[1], keepdims=0)], [1, 64, 64])


def _for_another_provider(path: Path, _: Path) -> None:
    node = helper.make_node("EfficientNMS_TRT", ["images"], ["out"], domain="TRT")
    _saved(path, [node], [1, 300, 6], [helper.make_opsetid("TRT", 1)])


def _with_another_sidecar(path: Path, good: Path) -> None:
    """As many names as the file has not."""
    shutil.copyfile(good, path)
    (path.parent / "colours.toml").write_text('classes = ["scratch", "dent"]\n')


def _exploding(path: Path, _: Path) -> None:
    """Some hundred bytes that ask for 40 GB when they run."""
    shape = numpy_helper.from_array(np.array([1, 100_000, 100_000]), "shape")
    nodes = [
        helper.make_node("ConstantOfShape", ["shape"], ["big"]),
        helper.make_node("ReduceSum", ["big"], ["sum"], keepdims=1),
        helper.make_node("Add", ["sum", "images"], ["out"]),
    ]
    _saved(path, nodes, [1, 3, 64, 64], constants=[shape])


BAD: list[tuple[Callable[[Path, Path], None], str]] = [
    (_truncated, "is no model that onnxruntime can load"),
    (_text, "is no model that onnxruntime can load"),
    (_of_no_layout, "outputs of no known layout"),
    (_for_another_provider, "EfficientNMS_TRT"),
    (_with_another_sidecar, "the sidecar names 2 classes and the model 1"),
    (_exploding, "failed at its trial run"),
]


def _saved(
    path: Path,
    nodes: list[onnx.NodeProto],
    shape: list[int],
    more: list[onnx.OperatorSetIdProto] | None = None,
    constants: list[onnx.TensorProto] | None = None,
) -> None:
    output = helper.make_tensor_value_info("out", TensorProto.FLOAT, shape)
    graph = helper.make_graph(nodes, "bad", [IMAGE], [output], constants or [])
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17), *(more or [])], ir_version=9)
    onnx.save(made, str(path))
