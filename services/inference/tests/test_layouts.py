"""Each layout, in a real ONNX file, is recognised without configuration and read as it is meant."""

from pathlib import Path

import numpy as np
import pytest

from jidoka.inference.errors import ModelRefused
from jidoka.inference.geometry import Fit
from jidoka.inference.layouts.candidates import Candidates
from jidoka.inference.model import Machine, Model

CPU = Machine("cpu", 1)
ANCHORS = 84  # of 64 x 64: 8 * 8 + 4 * 4 + 2 * 2


def read(path: Path, floor: float = 0.5) -> tuple[Model, Candidates]:
    model = Model.load(path, CPU)
    return model, model.recipe.decode(model.run(), floor)


def assert_one(candidates: Candidates, box: list[float], score: float, number: int) -> None:
    np.testing.assert_allclose(candidates.boxes, [box], atol=1e-3)
    np.testing.assert_allclose(candidates.scores, [score], atol=1e-6)
    assert candidates.classes.tolist() == [number]
    assert candidates.best == pytest.approx(score)


def zeros(*shape: int) -> np.ndarray:
    return np.zeros(shape, np.float32)


def ultralytics(count: int, **more: str) -> dict[str, str]:
    return {"task": "detect", "names": str({i: f"n{i}" for i in range(count)}), "imgsz": "[64, 64]", **more}


def test_yolov8_with_and_without_metadata(save):
    head = zeros(1, 10, ANCHORS)
    head[0, :, 20] = [32, 24, 10, 8, 0, 0.9, 0, 0.2, 0, 0]
    for metadata in ({}, ultralytics(6)):
        model, found = read(save({"output0": head}, metadata=metadata))
        assert (model.recipe.layout, model.recipe.suppress, model.recipe.form.fit) == ("yolov8", True, Fit.LETTERBOX)
        assert_one(found, [27, 20, 37, 28], 0.9, 1)
    assert model.recipe.names[1] == "n1"


def test_a_single_level_head_is_known_by_its_names(save):
    head = zeros(1, 10, 64)
    head[0, :, 3] = [32, 24, 10, 8, 0, 0, 0, 0, 0, 0.8]
    _, found = read(save({"output0": head}, metadata=ultralytics(6)))
    assert_one(found, [27, 20, 37, 28], 0.8, 5)


def test_yolov5_multiplies_objectness_and_class(save):
    head = zeros(1, 3 * ANCHORS, 8)
    head[0, 7] = [32, 24, 10, 8, 0.8, 0.1, 0.9, 0.3]
    head[0, 8] = [12, 24, 10, 8, 0.95, 0.1, 0.2, 0.3]
    model, found = read(save({"output0": head}, metadata={"stride": "32", "names": "['a', 'b', 'c']"}))
    assert model.recipe.layout == "yolov5"
    assert_one(found, [27, 20, 37, 28], 0.72, 1)


def test_yolov5_best_score_is_the_highest_product_also_below_the_floor(save):
    head = zeros(1, 3 * ANCHORS, 8)
    head[0, :, 4] = 0.3
    head[0, 7, 4:] = [0.2, 0.1, 0.9, 0.3]
    head[0, 9, 4:] = [0.4, 0.1, 0.2, 0.3]
    _, found = read(save({"output0": head}))
    assert len(found.boxes) == 0
    assert found.best == pytest.approx(0.18)


def test_yolox_grid_units(save):
    head = zeros(1, ANCHORS, 7)
    row = 64 + 4 * 1 + 2  # level of stride 16, y 1, x 2
    head[0, row] = [0.5, 0.25, np.log(2), np.log(1.5), 0.9, 0.1, 1.0]
    model, found = read(save({"output": head}))
    assert (model.recipe.layout, model.recipe.form.fit, model.recipe.form.bgr) == ("yolox", Fit.CORNER, True)
    assert model.recipe.form.scale == (1.0, 1.0, 1.0)
    assert_one(found, [40 - 16, 20 - 12, 40 + 16, 20 + 12], 0.9, 1)


def test_decoded_rows_with_constant_objectness_are_yolov6(save):
    head = zeros(1, ANCHORS, 7)
    head[0, :, 4] = 1
    head[0, 5] = [32, 24, 10, 8, 1, 0.1, 0.7]
    model, found = read(save({"outputs": head}))
    assert model.recipe.layout == "yolov6"
    assert_one(found, [27, 20, 37, 28], 0.7, 1)


def test_end_to_end_rows_need_no_suppression(save):
    rows = zeros(1, 300, 6)
    rows[0, 0] = [10, 12, 30, 40, 0.9, 2]
    model, found = read(save({"output0": rows}, metadata=ultralytics(3, head="v10Detect", end2end="True")))
    assert (model.recipe.layout, model.recipe.suppress) == ("end-to-end", False)
    assert_one(found, [10, 12, 30, 40], 0.9, 2)


@pytest.mark.parametrize(
    ("row", "layout", "metadata"),
    [
        ([10, 12, 30, 40, 0.9, 2], "end-to-end", {}),
        ([0.3125, 0.40625, 0.3125, 0.4375, 0.9, 2], "rtdetr-ultralytics", {}),
        ([0.3125, 0.40625, 0.3125, 0.4375, 0.9, 2], "rtdetr-ultralytics", ultralytics(3, head="RTDETRDecoder")),
        ([2, 0.15625, 0.1875, 0.46875, 0.625, 0.9], "label-xyxy-score", {}),
    ],
)
def test_rows_of_six_are_told_apart_by_their_values(save, row, layout, metadata):
    rows = zeros(1, 300, 6)
    rows[0, 0] = row
    model, found = read(save({"out": rows}, metadata=metadata))
    assert model.recipe.layout == layout
    assert_one(found, [10, 12, 30, 40], 0.9, 2)


def test_empty_rows_of_six_are_refused_and_the_sidecar_helps(save):
    path = save({"out": zeros(1, 300, 6)})
    with pytest.raises(ModelRefused, match="not proved"):
        Model.load(path, CPU)
    path.with_suffix(".toml").write_text('layout = "end-to-end"\n')
    assert Model.load(path, CPU).recipe.layout == "end-to-end"


def test_rt_detr_lineage_gets_the_size_and_orders_outputs_by_kind(save):
    outputs = {"scores": zeros(1, 3), "labels": np.array([[4, 0, 0]]), "boxes": zeros(1, 3, 4)}
    outputs["scores"][0, 0], outputs["boxes"][0, 0] = 0.8, [10, 12, 30, 40]
    model, found = read(save(outputs, extra={"orig_target_sizes": ("int64", [1, 2])}))
    assert (model.recipe.layout, model.recipe.form.fit) == ("rt-detr", Fit.STRETCH)
    assert_one(found, [10, 12, 30, 40], 0.8, 4)


def test_rf_detr_takes_logits_and_its_classes_from_the_sidecar(save):
    labels, dets = np.full((1, 5, 4), -9, np.float32), zeros(1, 5, 4)
    labels[0, 2] = [-9, 2, -9, 9]  # the last slot is background here
    dets[0, 2] = [0.3125, 0.40625, 0.3125, 0.4375]
    path = save({"dets": dets, "labels": labels})
    with pytest.raises(ModelRefused, match="list them in the sidecar"):
        Model.load(path, CPU)
    path.with_suffix(".toml").write_text('classes = ["a", "b", "c"]\n')
    model, found = read(path)
    assert model.recipe.layout == "rf-detr"
    assert model.recipe.form.shift[0] == pytest.approx(-0.485 / 0.229)
    assert_one(found, [10, 12, 30, 40], 1 / (1 + np.exp(-2)), 1)


def test_hugging_face_heads_are_refused_until_the_sidecar_says_which(save):
    logits, boxes = np.full((1, 5, 3), -9, np.float32), zeros(1, 5, 4)
    logits[0, 2], boxes[0, 2] = [-9, 3, -9], [0.3125, 0.40625, 0.3125, 0.4375]
    logits[0, [0, 1, 3, 4], 2] = 9
    path = save({"logits": logits, "pred_boxes": boxes})
    with pytest.raises(ModelRefused, match="sigmoid or softmax"):
        Model.load(path, CPU)
    path.with_suffix(".toml").write_text('layout = "hf-detr"\nclasses = ["a", "b"]\n')
    _, found = read(path)
    assert_one(found, [10, 12, 30, 40], float(np.exp(3) / (np.exp(3) + 2 * np.exp(-9))), 1)


@pytest.mark.parametrize("order", [("boxes", "labels", "scores"), ("boxes", "scores", "labels")])
def test_torchvision_labels_are_known_by_type_and_start_at_one(save, order):
    values = {"boxes": zeros(2, 4), "labels": np.array([3, 1]), "scores": zeros(2)}
    values["boxes"][0], values["scores"][0] = [10, 12, 30, 40], 0.7
    model, found = read(save({f"{i}": values[key] for i, key in enumerate(order)}, shape=[3, "h", "w"]))
    assert (model.recipe.layout, model.recipe.form.fit) == ("torchvision", Fit.NATIVE)
    assert_one(found, [10, 12, 30, 40], 0.7, 2)


def test_ssd_of_the_model_zoo(save):
    values = {"bboxes": zeros(1, 2, 4), "labels": np.array([[3, 1]]), "scores": zeros(1, 2)}
    values["bboxes"][0, 0], values["scores"][0, 0] = [0.15625, 0.1875, 0.46875, 0.625], 0.7
    model, found = read(save(values))
    assert model.recipe.layout == "ssd"
    assert_one(found, [10, 12, 30, 40], 0.7, 2)


def test_detection_output_ends_at_minus_one(save):
    rows = zeros(1, 1, 3, 7)
    rows[0, 0] = [[0, 3, 0.7, 0.15625, 0.1875, 0.46875, 0.625], [-1, 0, 0, 0, 0, 0, 0], [0, 9, 0.9, 0, 0, 1, 1]]
    _, found = read(save({"detection_out": rows}))
    assert_one(found, [10, 12, 30, 40], 0.7, 2)


def test_tensorflow_boxes_are_y_first_and_counted(save):
    values = {
        "detection_boxes": zeros(1, 2, 4),
        "detection_scores": zeros(1, 2),
        "detection_classes": zeros(1, 2),
        "num_detections": np.array([1], np.float32),
    }
    values["detection_boxes"][0] = [[0.1875, 0.15625, 0.625, 0.46875], [0, 0, 1, 1]]
    values["detection_scores"][0], values["detection_classes"][0] = [0.7, 0.99], [3, 1]
    model, found = read(save(values, shape=[1, 64, 64, 3], dtype="uint8"))
    assert model.recipe.form.channels_last
    assert_one(found, [10, 12, 30, 40], 0.7, 2)


def test_mmdeploy_labels_are_whole_numbers(save):
    rows = zeros(1, 2, 5)
    rows[0, 0] = [10, 12, 30, 40, 0.7]
    model, found = read(save({"dets": rows, "labels": np.array([[2, 0]])}))
    assert model.recipe.layout == "mmdeploy"
    assert_one(found, [10, 12, 30, 40], 0.7, 2)


def test_efficient_nms_is_counted(save):
    values = {
        "num_dets": np.array([[1]]),
        "det_boxes": zeros(1, 2, 4),
        "det_scores": zeros(1, 2),
        "det_classes": np.array([[2, 0]]),
    }
    values["det_boxes"][0, 0], values["det_scores"][0] = [10, 12, 30, 40], [0.7, 0.99]
    _, found = read(save(values))
    assert_one(found, [10, 12, 30, 40], 0.7, 2)


def test_yolo_nas(save):
    boxes, scores = zeros(1, ANCHORS, 4), zeros(1, ANCHORS, 3)
    boxes[0, 4], scores[0, 4] = [10, 12, 30, 40], [0, 0, 0.7]
    _, found = read(save({"a": boxes, "b": scores}))
    assert_one(found, [10, 12, 30, 40], 0.7, 2)


def test_a_classification_needs_to_know_what_is_good(save):
    path = save({"output0": np.array([[0.1, 0.7, 0.2]], np.float32)}, metadata={"names": "['good', 'scratch', 'dent']"})
    with pytest.raises(ModelRefused, match="needs `good`"):
        Model.load(path, CPU)
    path.with_suffix(".toml").write_text('good = ["good"]\n')
    model, found = read(path)
    assert_one(found, [0, 0, 64, 64], 0.7, 1)
    assert model.recipe.name_of(1) == "scratch"


def test_classification_logits_get_a_softmax(save):
    path = save({"output0": np.array([[0.0, 3.0]], np.float32)}, metadata={"names": "['good', 'bad']"})
    path.with_suffix(".toml").write_text('good = ["good"]\n')
    _, found = read(path)
    assert found.scores[0] == pytest.approx(np.exp(3) / (np.exp(3) + 1), abs=1e-6)


@pytest.mark.parametrize(
    ("outputs", "metadata", "says"),
    [
        ({"x": zeros(1, 10, 99)}, {}, "no known layout"),
        ({"x": zeros(1, 10, ANCHORS)}, ultralytics(80), "contradicts"),
        ({"x": zeros(1, 10, ANCHORS)}, {"names": "['a', 'b']"}, "6 classes and 2 names"),
        ({"x": zeros(1, 10, ANCHORS)}, {"names": "{0: 'a', 7: 'b'}"}, "without a gap"),
        ({"x": zeros(1, 10, ANCHORS)}, {"names": "__import__('os')"}, "not a Python value"),
        ({"x": zeros(1, 42, ANCHORS)}, {"task": "segment"}, "task is 'segment'"),
    ],
)
def test_what_cannot_be_proved_is_refused_with_one_sentence(save, outputs, metadata, says):
    with pytest.raises(ModelRefused, match=says) as refused:
        Model.load(save(outputs, metadata=metadata), CPU)
    assert "\n" not in str(refused.value)
