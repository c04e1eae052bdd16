import ast
from pathlib import Path

import cv2
import numpy as np
import onnxruntime
import pytest
from models.score.detect import Model
from models.score.metrics import matched
from numpy.typing import NDArray

from jidoka.simulator.boards import KINDS, draw, golden

FOLDER = Path(__file__).parents[1]
FILE = FOLDER / "pcb-defects.onnx"
CONFIDENCE = 0.75
SKUS = ["BOARD-A", "BOARD-B", "BOARD-C"]
QUALITY = 92
"""Of the simulator's camera."""


@pytest.fixture(scope="module")
def model() -> Model:
    return Model(FILE)


def shot(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    _, jpeg = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    return np.asarray(cv2.imdecode(jpeg, cv2.IMREAD_UNCHANGED), np.uint8)


def template(sku: str) -> NDArray[np.uint8]:
    return np.asarray(cv2.imread(str(FOLDER / "golden" / f"{sku}.png"), cv2.IMREAD_UNCHANGED), np.uint8)


def hits(model: Model, sku: str, seeds: range, reference: NDArray[np.uint8] | None) -> float:
    boards = [draw(seed, sku, KINDS) for seed in seeds]
    found = [model.detect(shot(board.image), CONFIDENCE, reference) for board in boards]
    truths = [np.array([(*defect.box, KINDS.index(defect.kind)) for defect in board.truth]) for board in boards]
    counts = [matched(found, truths, kind, 0.33).counts(CONFIDENCE)[0] for kind in range(len(KINDS))]
    return sum(counts) / sum(map(len, truths))


def test_the_file_says_what_it_is() -> None:
    session = onnxruntime.InferenceSession(FILE, providers=["CPUExecutionProvider"])
    facts = session.get_modelmeta().custom_metadata_map
    assert ast.literal_eval(facts["names"]) == dict(enumerate(KINDS))
    assert (ast.literal_eval(facts["imgsz"]), facts["task"]) == ([640, 640], "detect")
    assert {node.name: node.shape for node in session.get_inputs()} == {
        "images": [1, 3, 640, 640],
        "reference": [1, 3, 640, 640],
    }
    assert facts["reference"] == "optional"
    assert session.get_outputs()[0].shape == [1, 4 + len(KINDS), 80 * 80]


@pytest.mark.parametrize("sku", SKUS)
def test_the_golden_boards_are_those_that_the_simulator_draws(sku: str) -> None:
    assert np.array_equal(template(sku), golden(sku))


@pytest.mark.parametrize("sku", SKUS)
def test_it_passes_good_boards_of_the_demo(model: Model, sku: str) -> None:
    reference = template(sku)
    calls = [len(model.detect(shot(draw(seed, sku).image), CONFIDENCE, reference)) for seed in range(12)]
    assert calls == [0] * 12


@pytest.mark.parametrize("sku", SKUS)
def test_it_finds_the_defects_of_the_demo(model: Model, sku: str) -> None:
    assert hits(model, sku, range(8), template(sku)) >= 0.95


@pytest.mark.parametrize("sku", SKUS)
def test_it_still_finds_most_defects_without_golden_board(model: Model, sku: str) -> None:
    assert hits(model, sku, range(4), None) >= 0.8


@pytest.mark.parametrize("shift", [(8, -6, 0.0), (-5, 7, 0.8)])
def test_a_board_that_lies_off_its_place_is_still_good(model: Model, shift: tuple[int, int, float]) -> None:
    right, down, degrees = shift
    matrix = cv2.getRotationMatrix2D((320, 320), degrees, 1.0)
    matrix[:, 2] += right, down
    calls = []
    for sku in SKUS:
        moved = cv2.warpAffine(draw(40, sku).image, matrix, (640, 640), borderMode=cv2.BORDER_REPLICATE)
        calls.append(len(model.detect(shot(np.asarray(moved, np.uint8)), CONFIDENCE, template(sku))))
    assert calls == [0] * len(SKUS)
