"""The fixed grid of a scan group: a late scan leaves out the ones it missed and never makes up for them."""

import math
from dataclasses import dataclass


@dataclass(slots=True)
class Grid:
    """Points `start + number * period` on the monotonic clock, in seconds."""

    period: float
    start: float
    number: int = 0

    @property
    def due(self) -> float:
        """When the next scan is due."""
        return self.start + self.number * self.period

    def advance(self, now: float) -> int:
        """Go to the first point after `now`; returns how many were left out on the way."""
        following = max(self.number + 1, math.floor((now - self.start) / self.period) + 1)
        left_out = following - self.number - 1
        self.number = following
        return left_out
