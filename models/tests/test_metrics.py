import numpy as np
import pytest
from models.score.metrics import f_score, matched, overlap, pooled
from models.score.tune import best_threshold

TRUTH = np.array([[0, 0, 10, 10, 0], [50, 50, 60, 60, 0]], np.float32)


def found(*rows: tuple[float, ...]) -> np.ndarray:
    return np.array(rows, np.float32).reshape(-1, 6)


def test_overlap_is_shared_area_over_joint_area() -> None:
    boxes = np.array([[0, 0, 10, 10], [5, 0, 15, 10], [20, 20, 30, 30]], np.float32)
    assert overlap(boxes[:1], boxes).tolist() == [[1.0, pytest.approx(1 / 3), 0.0]]


def test_perfect_detections_have_an_average_precision_of_one() -> None:
    rows = found((0, 0, 10, 10, 0.9, 0), (50, 50, 60, 60, 0.8, 0))
    assert matched([rows], [TRUTH], 0, 0.5).average_precision() == pytest.approx(1)


def test_a_second_detection_of_the_same_defect_is_a_false_call() -> None:
    rows = found((0, 0, 10, 10, 0.9, 0), (1, 0, 10, 10, 0.8, 0))
    assert matched([rows], [TRUTH], 0, 0.5).counts(0.75) == (1, 1)


def test_the_right_place_with_the_wrong_class_does_not_count() -> None:
    rows = found((0, 0, 10, 10, 0.9, 1))
    assert matched([rows], [TRUTH], 0, 0.5).counts(0) == (0, 0)
    assert matched([rows], [TRUTH], 1, 0.5).counts(0) == (0, 1)


def test_a_false_call_above_the_hits_costs_precision() -> None:
    rows = found((80, 80, 90, 90, 0.95, 0), (0, 0, 10, 10, 0.9, 0))
    assert matched([rows], [TRUTH], 0, 0.5).average_precision() == pytest.approx(0.25)


def test_pooling_adds_hits_false_calls_and_truths() -> None:
    rows = found((0, 0, 10, 10, 0.9, 0), (50, 50, 60, 60, 0.8, 1))
    whole = pooled([matched([rows], [TRUTH], kind, 0.5) for kind in (0, 1)])
    assert (whole.counts(0.5), whole.truths) == ((1, 1), 2)
    assert f_score(1, 1, 2) == pytest.approx(0.5)


def test_the_best_threshold_is_between_the_hits_and_the_false_calls() -> None:
    scores = np.array([0.9, 0.8, 0.4, 0.3], np.float32)
    threshold = best_threshold(scores, np.array([True, True, False, False]), 2, 10)
    assert 0.4 < threshold <= 0.8
