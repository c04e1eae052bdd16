"""Judges the health of one camera's pictures, one after the other."""

from jidoka.vision_gateway.developing import Picture
from jidoka.vision_gateway.health import Figures, diagnose, measure
from jidoka.vision_gateway.line import HealthLimits


class HealthJudge:
    """Remembers the last picture, because a camera that gives the same picture for two parts is frozen."""

    def __init__(self, limits: HealthLimits) -> None:
        self._limits = limits
        self._last: str | None = None

    def sick(self, picture: Picture, figures: Figures | None = None) -> list[str]:
        """What is wrong with the picture of a new part; `figures` of it, where they are measured already."""
        frozen, self._last = picture.sha256 == self._last and self._limits.frozen, picture.sha256
        found = diagnose(figures or measure(picture.small), self._limits)
        return ["frozen: the same image as the part before", *found] if frozen else found
