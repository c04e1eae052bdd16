"""Of boxes that mean the same thing, one is left."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from jidoka.inference.nms import MOST_CANDIDATES, overlap, suppress


def arrays(*rows):
    boxes = np.array([row[:4] for row in rows], np.float32).reshape(-1, 4)
    return boxes, np.array([row[4] for row in rows], np.float32), np.array([row[5] for row in rows], np.int64)


def test_overlapping_boxes_of_one_class_become_the_most_confident():
    keep = suppress(*arrays((0, 0, 10, 10, 0.8, 1), (1, 1, 11, 11, 0.9, 1), (40, 0, 50, 10, 0.7, 1)), 0.45)
    assert keep.tolist() == [1, 2]


def test_classes_do_not_suppress_each_other():
    keep = suppress(*arrays((0, 0, 10, 10, 0.8, 1), (0, 0, 10, 10, 0.9, 2)), 0.45)
    assert keep.tolist() == [1, 0]


def test_overlap_is_intersection_over_union():
    boxes = np.array([[0, 0, 10, 10], [5, 0, 15, 10], [20, 20, 30, 30], [3, 3, 3, 3]], np.float32)
    np.testing.assert_allclose(overlap(boxes[0], boxes), [1, 50 / 150, 0, 0], atol=1e-6)


def test_a_flood_of_boxes_is_bounded():
    count = MOST_CANDIDATES * 3
    boxes = np.stack([np.arange(count) * 10, np.zeros(count), np.arange(count) * 10 + 5, np.ones(count)], axis=1)
    keep = suppress(
        boxes.astype(np.float32), np.linspace(0, 1, count, dtype=np.float32), np.zeros(count, np.int64), 0.45
    )
    assert len(keep) == MOST_CANDIDATES
    assert keep[0] == count - 1


CORNER = st.integers(0, 30)
ROW = st.tuples(CORNER, CORNER, st.integers(1, 20), st.integers(1, 20), st.integers(0, 100), st.integers(0, 2))


@given(st.lists(ROW, max_size=30))
def test_what_is_kept_does_not_overlap_and_what_goes_had_a_reason(rows):
    boxes, scores, classes = arrays(*[(x, y, x + w, y + h, s / 100, c) for x, y, w, h, s, c in rows])
    keep = suppress(boxes, scores, classes, 0.45).tolist()
    for i in range(len(rows)):
        rivals = [
            k for k in keep if k != i and classes[k] == classes[i] and overlap(boxes[k], boxes[i : i + 1])[0] > 0.45
        ]
        assert bool(rivals) != (i in keep)
        assert i in keep or max(scores[k] for k in rivals) >= scores[i]
