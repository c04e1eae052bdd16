"""A model is loaded only when it is proved to work, and replaced without a gap."""

import os
import threading
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from jidoka.inference.alarms import RefusedModels
from jidoka.inference.archive import main as roll_back
from jidoka.inference.detector import find
from jidoka.inference.errors import ModelRefused
from jidoka.inference.line import Inference
from jidoka.inference.loading import open_models
from jidoka.inference.model import Machine, Model
from jidoka.inference.models import Models
from jidoka.inference.reference import Goldens
from jidoka.inference.settings import InferenceSettings
from jidoka.inference.trial import try_out
from jidoka.runtime.errors import ConfigError
from jidoka.runtime.journal import Journal
from jidoka.runtime.testing import FakeBroker, FakeBus
from jidoka.schemas import AlarmCondition

CPU = Machine("cpu", 1)


def load(path: Path) -> Model:
    return Model.load(path, CPU)


def test_a_model_says_who_it_is(colours):
    model = load(colours)
    assert (model.ref.name, model.provider) == ("colours", "CPUExecutionProvider")
    assert model.ref.version == model.ref.sha256[:12]
    colours.with_suffix(".toml").write_text('name = "boards"\nversion = "7"\n')
    assert (load(colours).ref.name, load(colours).ref.version) == ("boards", "7")


@pytest.mark.parametrize(
    ("content", "says"),
    [(b"", "no model"), (b"hello world, I am a text file\n" * 10, "no model")],
)
def test_what_is_no_model_is_refused(tmp_path, content, says):
    path = tmp_path / "bad.onnx"
    path.write_bytes(content)
    with pytest.raises(ModelRefused, match=says):
        load(path)


def test_a_truncated_model_is_refused(colours):
    colours.write_bytes(colours.read_bytes()[:-300])
    with pytest.raises(ModelRefused, match="no model that onnxruntime can load"):
        load(colours)


def test_a_missing_model_is_refused(tmp_path):
    with pytest.raises(ModelRefused, match="cannot be read: No such file"):
        load(tmp_path / "none.onnx")


def test_a_provider_that_is_not_there_is_refused(colours):
    with pytest.raises(ModelRefused, match="tensorrt is not in this onnxruntime"):
        Model.load(colours, Machine("tensorrt", 1))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('classes = ["one", "two"]\n', "names 2 classes and the model 3"),
        ("classes = [1]\n", r"classes\.0"),
        ("colour = 1\n", "colour: Extra inputs"),
        ('layout = "yolov99"\n', "none of yolov8"),
        ("=", "not TOML"),
        ('layout = "rf-detr"\n', "which has the outputs labels, dets"),
    ],
)
def test_a_sidecar_that_is_wrong_or_contradicts_is_refused(colours, text, says):
    colours.with_suffix(".toml").write_text(text)
    with pytest.raises(ModelRefused, match=says):
        load(colours)


def reference(colours: Path, board: np.ndarray, classes: str) -> None:
    cv2.imwrite(str(colours.parent / "board.jpg"), board)
    colours.with_suffix(".toml").write_text(f'[[reference]]\nimage = "board.jpg"\nclasses = {classes}\n')


def test_the_trial_process_takes_a_model_that_finds_what_it_should(colours, board):
    reference(colours, board, '["red"]')
    assert try_out(colours, CPU, 4096, 60) is None


@pytest.mark.parametrize("classes", ["[]", '["red", "red"]', '["blue"]'])
def test_the_trial_process_refuses_a_model_that_does_not(colours, board, classes):
    reference(colours, board, classes)
    with pytest.raises(ModelRefused, match=r"found 1 red in its reference image board\.jpg"):
        try_out(colours, CPU, 4096, 60)


def test_a_reference_image_outside_the_models_folder_is_refused(colours):
    colours.with_suffix(".toml").write_text('[[reference]]\nimage = "../secret.jpg"\nclasses = []\n')
    with pytest.raises(ModelRefused, match="not beside the model"):
        try_out(colours, CPU, 4096, 60)


def exploding(path: Path) -> Path:
    """A few hundred bytes that ask for 3.6 GB when they run."""
    shape = numpy_helper.from_array(np.array([1, 30_000, 30_000]), "shape")
    nodes = [
        helper.make_node("ConstantOfShape", ["shape"], ["big"]),
        helper.make_node("Add", ["big", "images"], ["output0"]),
    ]
    graph = helper.make_graph(
        nodes,
        "exploding",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, 1, 1])],
        [helper.make_tensor_value_info("output0", TensorProto.FLOAT, ["a", "b", "c", "d"])],
        [shape],
    )
    path.write_bytes(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9).SerializeToString()
    )
    return path


def test_a_model_that_explodes_does_so_in_its_trial_process(tmp_path):
    path = exploding(tmp_path / "bomb.onnx")
    assert path.stat().st_size < 500
    with pytest.raises(ModelRefused, match=r"bomb.onnx|allocat") as refused:
        try_out(path, CPU, 1024, 60)
    assert "\n" not in str(refused.value)


def replaced(path: Path, content: bytes) -> None:
    """As a careful person replaces a file: written beside, then renamed."""
    aside = path.with_suffix(".new")
    aside.write_bytes(content)
    aside.rename(path)


def until(condition, seconds: float = 20.0) -> bool:
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)
    return bool(condition())


def test_a_replaced_file_is_taken_over_while_frames_run(colours, colour_model, board):
    other = colour_model(colours.parent / "other.onnx", names=("rot", "gruen", "blau")).read_bytes()
    refused: list[str] = []
    names: list[str] = []
    with Models([colours], load, lambda _path, reason: refused.append(reason), every=0.05) as models:
        stop = threading.Event()

        def run() -> None:
            while not stop.is_set():
                names.append(find(models.current(colours), board, 0.6, 0.45).found[0].name)

        worker = threading.Thread(target=run)
        worker.start()
        assert until(lambda: len(names) > 20)
        replaced(colours, other)
        assert until(lambda: names[-1] == "rot")
        replaced(colours, b"no model at all")
        assert until(lambda: refused)
        seen = len(names)
        assert until(lambda: len(names) > seen + 20)
        stop.set()
        worker.join()
    assert names == sorted(names)  # red until the change, rot from then on
    assert names[-1] == "rot"
    assert len(refused) == 1


def test_a_file_that_is_still_being_written_is_left_alone(colours, colour_model):
    whole = colour_model(colours.parent / "other.onnx", names=("a", "b", "c")).read_bytes()
    refused: list[str] = []
    models = Models([colours], load, lambda _path, reason: refused.append(reason))
    colours.write_bytes(whole[:100])
    models.look()
    colours.write_bytes(whole)
    os.utime(colours, ns=(1, 1))
    models.look()
    assert models.current(colours).recipe.names[0] == "red"
    models.look()
    assert models.current(colours).recipe.names[0] == "a"
    assert refused == []


WHITE = np.full((64, 64, 3), 255, np.uint8)
BLACK = np.zeros((64, 64, 3), np.uint8)


def test_a_model_that_fails_at_run_time_fails_for_that_image_only(failing):
    model = load(failing)
    with pytest.raises(ModelRefused, match="failed at run time"):
        find(model, WHITE, 0.5, 0.45)
    assert find(model, BLACK, 0.5, 0.45).found == ()


def test_a_run_that_takes_too_long_is_ended(endless):
    model = load(endless)
    ended: list[str] = []

    def run() -> None:
        try:
            find(model, WHITE, 0.5, 0.45)
        except ModelRefused as error:
            ended.append(str(error))

    worker = threading.Thread(target=run)
    worker.start()
    assert until(lambda: model.stop_after(0.1) or ended)
    worker.join()
    assert "failed at run time" in ended[0]
    assert find(model, BLACK, 0.5, 0.45).found == ()


@pytest.fixture
def at_work(tmp_path, colours):
    """The service's own loading, with a bus, an archive and no watching thread."""
    broker, journal = FakeBroker(), Journal(None)
    settings = InferenceSettings(data_dir=tmp_path / "data", inference_provider="cpu", inference_threads=1)
    with FakeBus(broker, journal=journal) as bus:
        alarms = RefusedModels(bus, journal, "inference-1")
        yield open_models(Inference(model=colours), Goldens(), settings, alarms), broker, settings
    journal.close()


def look_twice(models: Models) -> None:
    models.look()
    models.look()


def test_a_refused_file_is_an_alarm_until_a_good_one_comes(at_work, colours, colour_model):
    models, broker, _ = at_work
    good = colours.read_bytes()
    replaced(colours, b"no model")
    look_twice(models)
    replaced(colours, b"none either")
    look_twice(models)
    replaced(colours, good)
    look_twice(models)
    raised, cleared = broker.messages(AlarmCondition)
    assert (raised.code, raised.subject, raised.active, cleared.active) == ("model-refused", "colours", True, False)
    assert "no model that onnxruntime can load" in raised.message
    assert raised.alarm_id == cleared.alarm_id


def test_going_back_is_one_command(at_work, colours, colour_model, monkeypatch, capsys):
    models, _, settings = at_work
    monkeypatch.setenv("DATA_DIR", str(settings.data_dir))
    first = models.current(colours).ref.sha256
    replaced(colours, colour_model(colours.parent / "other.onnx", names=("a", "b", "c")).read_bytes())
    colours.with_suffix(".toml").write_text('version = "2"\n')
    look_twice(models)
    assert models.current(colours).ref.version == "2"
    roll_back([str(colours)])
    look_twice(models)
    assert models.current(colours).ref.sha256 == first
    assert models.current(colours).ref.version == first[:12]
    assert first in capsys.readouterr().out


def test_there_is_nothing_to_go_back_to_at_first(at_work, colours, monkeypatch):
    _, _, settings = at_work
    monkeypatch.setenv("DATA_DIR", str(settings.data_dir))
    with pytest.raises(ConfigError, match="no model before the present one"):
        roll_back([str(colours)])


def test_a_bad_model_at_the_start_is_one_line(at_work, tmp_path):
    _, _, settings = at_work
    (tmp_path / "bad.onnx").write_bytes(b"text")
    with pytest.raises(ConfigError, match=r"bad\.onnx is no model"):
        open_models(Inference(model=tmp_path / "bad.onnx"), Goldens(), settings, None)
