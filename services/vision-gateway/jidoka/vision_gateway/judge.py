"""Judges the health of one camera's pictures, one after the other."""

from jidoka.vision_gateway.developing import Picture
from jidoka.vision_gateway.health import Figures, diagnose
from jidoka.vision_gateway.line import HealthLimits


class HealthJudge:
    """Remembers the last picture, because a camera that gives the same picture for two parts is frozen."""

    def __init__(self, limits: HealthLimits) -> None:
        self._limits = limits
        self._last: str | None = None

    def sick(self, picture: Picture, figures: Figures) -> list[str]:
        """What is wrong with the picture of a new part, of which these figures were measured."""
        frozen, self._last = picture.sha256 == self._last and self._limits.frozen, picture.sha256
        found = diagnose(figures, self._limits)
        return ["frozen: the same image as the part before", *found] if frozen else found
