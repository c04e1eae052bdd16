"""A board being laid out: copper is placed where it keeps its clearance, holes go through it."""

from collections.abc import Sequence

import numpy as np

from jidoka.simulator.boards.shapes import Disc, Mask, Shape

SIZE = 640


class Canvas:
    """Copper and holes of a 640x640 board, masks of 0 and 255."""

    def __init__(self) -> None:
        self.copper: Mask = np.zeros((SIZE, SIZE), np.uint8)
        self.holes: Mask = np.zeros((SIZE, SIZE), np.uint8)

    def fits(self, shapes: Sequence[Shape], gap: float, joined_to: Sequence[Shape] = ()) -> bool:
        """Say whether `shapes` stay `gap` away from all copper but the shapes they are joined to."""
        wanted = np.zeros_like(self.copper)
        for shape in shapes:
            shape.stamp(wanted, gap)
        for shape in joined_to:
            shape.stamp(wanted, gap + 1, 0)
        return not np.any(wanted & (self.copper | self.holes))

    def place(self, shapes: Sequence[Shape], gap: float, joined_to: Sequence[Shape] = ()) -> bool:
        """Add `shapes` as copper if they fit."""
        if not self.fits(shapes, gap, joined_to):
            return False
        for shape in shapes:
            shape.stamp(self.copper)
        return True

    def drill(self, hole: Disc) -> None:
        """Make a hole through whatever is there."""
        hole.stamp(self.holes)
        hole.stamp(self.copper, value=0)

    def clear(self, shapes: Sequence[Shape], gap: float = 0.0) -> None:
        """Take copper away under `shapes` and `gap` around them."""
        for shape in shapes:
            shape.stamp(self.copper, gap, 0)
