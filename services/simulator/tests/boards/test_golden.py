import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from jidoka.simulator.boards import draw, golden
from jidoka.simulator.boards.__main__ import main


def test_the_command_writes_the_golden_board_of_each_product(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["boards", "--out", str(tmp_path / "golden"), "BOARD-A", "BOARD-B"])
    main()
    for sku in ("BOARD-A", "BOARD-B"):
        written = cv2.imread(str(tmp_path / "golden" / f"{sku}.png"), cv2.IMREAD_UNCHANGED)
        assert np.array_equal(written, golden(sku))


def test_a_golden_board_is_like_every_specimen_but_for_its_place_and_its_edges() -> None:
    template = golden("BOARD-A")
    for seed in range(3):
        assert np.mean(template != draw(seed, "BOARD-A").image) < 0.15
