import cv2
import numpy as np
import pytest

from jidoka.simulator.boards.defects import KINDS, damage
from jidoka.simulator.boards.layout import layout
from jidoka.simulator.boards.seeds import generator
from jidoka.simulator.boards.shapes import Mask

SEEDS = range(12)
TAKES = ("open", "mousebite", "pinhole")


def damaged(kind: str, seed: int) -> tuple[Mask, Mask, Mask]:
    """Copper before, copper after, holes."""
    golden = layout(f"PRODUCT-{seed % 3}")
    copper = golden.copper.copy()
    assert damage(copper, golden, kind, np.zeros_like(copper), generator("test", kind, seed)) is not None
    return golden.copper, copper, golden.holes


def pieces(mask: Mask) -> int:
    return int(cv2.connectedComponents(mask, connectivity=8)[0])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", SEEDS)
def test_a_defect_only_takes_or_only_adds_copper(kind: str, seed: int) -> None:
    before, after, holes = damaged(kind, seed)
    lost, gained = np.count_nonzero(before & ~after), np.count_nonzero(after & ~before)
    assert (lost > 0, gained > 0) == (kind in TAKES, kind not in TAKES)
    assert not np.any(after & holes)


@pytest.mark.parametrize("seed", SEEDS)
def test_spurious_copper_is_a_piece_of_its_own(seed: int) -> None:
    before, after, _ = damaged("spurious_copper", seed)
    assert pieces(after) == pieces(before) + 1


@pytest.mark.parametrize("seed", SEEDS)
def test_a_pinhole_is_surrounded_by_copper(seed: int) -> None:
    before, after, _ = damaged("pinhole", seed)
    assert pieces(~after) == pieces(~before) + 1


@pytest.mark.parametrize("kind", ["mousebite", "spur"])
@pytest.mark.parametrize("seed", SEEDS)
def test_a_mousebite_or_spur_neither_cuts_nor_joins(kind: str, seed: int) -> None:
    before, after, _ = damaged(kind, seed)
    assert pieces(after) == pieces(before)
    assert pieces(~after) == pieces(~before)


def test_defects_do_not_touch_each_other() -> None:
    golden = layout("PRODUCT-1")
    copper, taken = golden.copper.copy(), np.zeros_like(golden.copper)
    rng = generator("crowd")
    found = [defect for kind in KINDS * 2 if (defect := damage(copper, golden, kind, taken, rng))]
    pixels = np.concatenate([defect.pixels for defect in found])
    assert len(found) > len(KINDS)
    assert len(np.unique(pixels, axis=0)) == len(pixels)


def test_a_board_without_room_gets_no_defect() -> None:
    golden = layout("PRODUCT-1")
    copper = golden.copper.copy()
    assert damage(copper, golden, "open", np.full_like(copper, 255), generator("full")) is None
    assert np.array_equal(copper, golden.copper)
