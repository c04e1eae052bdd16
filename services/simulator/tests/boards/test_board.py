import numpy as np
import pytest

from jidoka.simulator.boards import KINDS, Appearance, draw, golden

SKUS = ("BOARD-A", "BOARD-B", "BOARD-C", 7)


@pytest.mark.parametrize("appearance", list(Appearance))
def test_the_same_seed_draws_the_same_board(appearance: Appearance) -> None:
    first = draw(5, "BOARD-A", KINDS, appearance)
    second = draw(5, "BOARD-A", KINDS, appearance)
    assert np.array_equal(first.image, second.image)
    assert first.truth == second.truth


def test_another_seed_draws_another_specimen_of_the_same_product() -> None:
    first, second = draw(1, "BOARD-A"), draw(2, "BOARD-A")
    assert not np.array_equal(first.image, second.image)
    differing = np.mean(first.image != second.image)
    assert differing < np.mean(first.image != draw(1, "BOARD-B").image)


def test_products_have_layouts_of_their_own() -> None:
    templates = [golden(sku) for sku in SKUS]
    assert all(not np.array_equal(a, b) for i, a in enumerate(templates) for b in templates[:i])


def test_pictures_have_the_size_and_colours_that_cameras_give() -> None:
    scan, photo = draw(1, "BOARD-A"), draw(1, "BOARD-A", (), Appearance.PHOTO)
    assert (scan.image.shape, scan.image.dtype) == ((640, 640), np.uint8)
    assert (photo.image.shape, photo.image.dtype) == ((640, 640, 3), np.uint8)
    assert set(np.unique(scan.image)) == {0, 255}


def test_a_good_board_has_no_truth() -> None:
    assert draw(1, "BOARD-A").truth == ()


@pytest.mark.parametrize("appearance", list(Appearance))
@pytest.mark.parametrize("sku", SKUS)
def test_every_defect_asked_for_is_there_in_a_box_of_its_own(sku: str | int, appearance: Appearance) -> None:
    truth = draw(3, sku, KINDS, appearance).truth
    assert [defect.kind for defect in truth] == list(KINDS)
    boxes = [defect.box for defect in truth]
    assert all(0 <= x1 < x2 <= 640 and 0 <= y1 < y2 <= 640 for x1, y1, x2, y2 in boxes)
    assert all(20 < x2 - x1 < 120 and 20 < y2 - y1 < 120 for x1, y1, x2, y2 in boxes)
    middles = [((x1 + x2) // 2, (y1 + y2) // 2) for x1, y1, x2, y2 in boxes]
    owners = [sum(x1 <= x < x2 and y1 <= y < y2 for x1, y1, x2, y2 in boxes) for x, y in middles]
    assert owners == [1] * len(KINDS)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("appearance", list(Appearance))
def test_a_bad_specimen_differs_from_a_good_one_in_the_middle_of_the_box_only(
    kind: str, appearance: Appearance
) -> None:
    bad, good = draw(11, "BOARD-C", [kind], appearance), draw(11, "BOARD-C", (), appearance)
    ((x1, y1, x2, y2),) = (defect.box for defect in bad.truth)
    ys, xs = np.nonzero((bad.image != good.image).reshape(640, 640, -1).any(axis=2))
    assert np.abs([xs.min() - x1 - 10, ys.min() - y1 - 10, x2 - 11 - xs.max(), y2 - 11 - ys.max()]).max() <= 5


def test_an_unknown_defect_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="unknown defect 'scratch'"):
        draw(1, "BOARD-A", ["scratch"])
