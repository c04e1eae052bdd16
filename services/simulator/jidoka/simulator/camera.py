"""A hardware-triggered camera with a buffer: one JPEG of each of the newest parts at a station."""

from collections import deque
from functools import lru_cache

import cv2

from jidoka.simulator.logix import Memory
from jidoka.simulator.metrics import FRAMES
from jidoka.simulator.parts import Recipe, picture
from jidoka.simulator.plant import RING
from jidoka.simulator.spoiling import FROZEN, SPOILS

_QUALITY = [cv2.IMWRITE_JPEG_QUALITY, 92]


class NoPicture(LookupError):
    """The camera has no image of that part."""


class Camera:
    """What a station's cameras see. `spoil` gives them an optical fault.

    A part's image is that of its exposure, whenever it is asked for: a fault that is over by then still shows.
    """

    def __init__(self, station: str, memory: Memory, recipe: Recipe) -> None:
        self._station, self._memory, self._recipe = station, memory, recipe
        self._faults: deque[tuple[int, str | None]] = deque([(1, None)], maxlen=RING + 1)

    def spoil(self, fault: str | None) -> int:
        """Parts that come from now on are seen with this fault, or without any; returns the first such sequence.

        Raises KeyError for an unknown fault.
        """
        if fault is not None and fault != FROZEN and fault not in SPOILS:
            raise KeyError(f"fault {fault!r}: known are {', '.join([FROZEN, *SPOILS])}")
        first = self._newest() + 1
        self._faults.append((first, fault))
        return first

    def shoot(self, camera: str, sequence: int | None = None) -> tuple[int, bytes]:
        """The sequence and the JPEG of that part, or of the newest one. Raises NoPicture."""
        newest = self._newest()
        wanted = newest if sequence is None else sequence
        if not max(1, newest - RING + 1) <= wanted <= newest:
            raise NoPicture(f"{self._station}/{camera} has no image of part {wanted}; the newest is {newest}")
        FRAMES.labels(self._station, camera).inc()
        begun, fault = next((change for change in reversed(self._faults) if change[0] <= wanted), (1, None))
        seen = max(1, begun - 1) if fault == FROZEN else wanted
        return wanted, _jpeg(self._recipe, seen, fault)

    def _newest(self) -> int:
        return int(self._memory.get(f"{self._station}.Counter"))


@lru_cache(maxsize=64)
def _jpeg(recipe: Recipe, sequence: int, fault: str | None) -> bytes:
    image = picture(recipe.part(sequence)).image
    done, data = cv2.imencode(".jpg", SPOILS[fault](image) if fault in SPOILS else image, _QUALITY)
    if not done:
        raise NoPicture(f"the image of part {sequence} could not be encoded")
    return bytes(data)
