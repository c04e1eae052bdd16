import ast
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from models.score.detect import Model
from models.score.metrics import matched

from jidoka.simulator.boards import KINDS, draw

FILE = Path(__file__).parents[1] / "pcb-defects.onnx"
CONFIDENCE = 0.75


@pytest.fixture(scope="module")
def model() -> Model:
    return Model(FILE)


def test_the_file_says_what_it_is() -> None:
    session = onnxruntime.InferenceSession(FILE, providers=["CPUExecutionProvider"])
    facts = session.get_modelmeta().custom_metadata_map
    assert ast.literal_eval(facts["names"]) == dict(enumerate(KINDS))
    assert (ast.literal_eval(facts["imgsz"]), facts["task"]) == ([640, 640], "detect")
    assert session.get_inputs()[0].shape == [1, 3, 640, 640]
    assert session.get_outputs()[0].shape == [1, 4 + len(KINDS), 80 * 80]


@pytest.mark.parametrize("sku", ["BOARD-A", "BOARD-B", "BOARD-C"])
def test_it_passes_good_boards_of_the_demo(model: Model, sku: str) -> None:
    assert [len(model.detect(draw(seed, sku).image, CONFIDENCE)) for seed in range(5)] == [0] * 5


@pytest.mark.parametrize("sku", ["BOARD-A", "BOARD-B", "BOARD-C"])
def test_it_finds_the_defects_of_the_demo(model: Model, sku: str) -> None:
    boards = [draw(seed, sku, KINDS) for seed in range(5)]
    found = [model.detect(board.image, CONFIDENCE) for board in boards]
    truths = [np.array([(*defect.box, KINDS.index(defect.kind)) for defect in board.truth]) for board in boards]
    hits = [matched(found, truths, kind, 0.33).counts(CONFIDENCE)[0] for kind in range(len(KINDS))]
    assert sum(hits) >= 0.9 * sum(map(len, truths))
