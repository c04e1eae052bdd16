import cv2
import numpy as np
import pytest

from jidoka.simulator.boards.layout import layout

PRODUCTS = [f"PRODUCT-{number}" for number in range(8)]


@pytest.mark.parametrize("sku", PRODUCTS)
def test_a_layout_is_mixed_copper_and_space_with_holes_apart(sku: str) -> None:
    board = layout(sku)
    assert 0.03 < np.mean(board.copper > 0) < 0.97
    assert not np.any(board.copper & board.holes)


@pytest.mark.parametrize("sku", PRODUCTS)
def test_no_designed_piece_is_as_small_as_a_spurious_copper(sku: str) -> None:
    _, _, stats, _ = cv2.connectedComponentsWithStats(layout(sku).copper, connectivity=8)
    inside = (
        (stats[:, 0] > 0) & (stats[:, 1] > 0) & (stats[:, 0] + stats[:, 2] < 640) & (stats[:, 1] + stats[:, 3] < 640)
    )
    assert np.all(stats[inside, cv2.CC_STAT_AREA] > 200)


def test_a_product_keeps_its_layout() -> None:
    first = layout("PRODUCT-0").copper.copy()
    layout.cache_clear()
    assert np.array_equal(first, layout("PRODUCT-0").copper)
