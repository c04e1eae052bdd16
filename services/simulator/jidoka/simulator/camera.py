"""A hardware-triggered camera with a buffer: one JPEG of each of the newest parts at a station."""

from functools import lru_cache

import cv2

from jidoka.simulator.logix import Memory
from jidoka.simulator.metrics import FRAMES
from jidoka.simulator.parts import Recipe, picture
from jidoka.simulator.plant import RING

_QUALITY = [cv2.IMWRITE_JPEG_QUALITY, 92]


class NoPicture(LookupError):
    """The camera has no image of that part."""


class Camera:
    """What a station's cameras see. `shots` is the number of images given."""

    def __init__(self, station: str, memory: Memory, recipe: Recipe) -> None:
        self._station, self._memory, self._recipe = station, memory, recipe

    def shoot(self, camera: str, sequence: int | None = None) -> tuple[int, bytes]:
        """The sequence and the JPEG of that part, or of the newest one. Raises NoPicture."""
        newest = int(self._memory.get(f"{self._station}.Counter"))
        wanted = newest if sequence is None else sequence
        if not max(1, newest - RING + 1) <= wanted <= newest:
            raise NoPicture(f"{self._station}/{camera} has no image of part {wanted}; the newest is {newest}")
        FRAMES.labels(self._station, camera).inc()
        return wanted, _jpeg(self._recipe, wanted)


@lru_cache(maxsize=64)
def _jpeg(recipe: Recipe, sequence: int) -> bytes:
    done, data = cv2.imencode(".jpg", picture(recipe.part(sequence)).image, _QUALITY)
    if not done:
        raise NoPicture(f"the image of part {sequence} could not be encoded")
    return bytes(data)
