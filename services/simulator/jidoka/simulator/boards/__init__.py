"""Drawn printed-circuit boards with known defects: the same seed and product give the same picture, pixel for pixel."""

from jidoka.simulator.boards.appearance import Appearance
from jidoka.simulator.boards.board import Board, Truth, draw, golden
from jidoka.simulator.boards.defects import KINDS

__all__ = ["KINDS", "Appearance", "Board", "Truth", "draw", "golden"]
