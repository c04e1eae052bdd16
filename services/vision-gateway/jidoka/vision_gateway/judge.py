"""Judges the health of one camera's pictures, one after the other."""

import hashlib

from jidoka.vision_gateway.developing import Picture
from jidoka.vision_gateway.health import diagnose, measure
from jidoka.vision_gateway.line import HealthLimits


class HealthJudge:
    """Remembers the last picture, because a camera that gives the same picture for two parts is frozen."""

    def __init__(self, limits: HealthLimits) -> None:
        self._limits = limits
        self._last: bytes | None = None

    def sick(self, picture: Picture) -> list[str]:
        """What is wrong with the picture of a new part."""
        digest = hashlib.sha256(picture.jpeg).digest()
        frozen, self._last = digest == self._last and self._limits.frozen, digest
        found = diagnose(measure(picture.small), self._limits)
        return ["frozen: the same image as the part before", *found] if frozen else found
