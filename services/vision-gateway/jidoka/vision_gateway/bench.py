"""Develops one camera's shots and measures them, on two threads: OpenCV lets go of the interpreter."""

import time
from concurrent.futures import ThreadPoolExecutor

from jidoka.vision_gateway import metrics
from jidoka.vision_gateway.cameras.camera import Shot
from jidoka.vision_gateway.developing import Negative, Picture, Pixels, expose, sha256_of
from jidoka.vision_gateway.health import Figures, measure, measure_fields, measure_levels
from jidoka.vision_gateway.line import Processing
from jidoka.vision_gateway.strips import border, join


class Bench:
    """Gives what `develop` and `measure` would, sooner."""

    def __init__(self, labels: tuple[str, str]) -> None:
        self._second = ThreadPoolExecutor(1, thread_name_prefix="measure")
        self._labels, self._begun = labels, 0.0

    def develop(self, shot: Shot, how: Processing) -> tuple[Picture, Figures]:
        """The picture and its figures. Raises CameraError."""
        self._begun = time.monotonic()
        negative = expose(shot, how)
        return self._passed_on(negative) if negative.pixels is None else self._encoded(negative)

    def published(self) -> None:
        """The picture developed last has been handed on."""
        metrics.PUBLISH.labels(*self._labels).observe(time.monotonic() - self._begun)

    def close(self) -> None:
        """End the thread."""
        self._second.shutdown()

    def _encoded(self, negative: Negative) -> tuple[Picture, Figures]:
        """This thread encodes the upper strip, the other one the lower one, and measures."""
        upper = border(negative.height) or negative.height
        other = self._second.submit(_lower_and_figures, negative, upper)
        jpeg = negative.strip(0, upper)
        lower, small, figures = other.result()
        if lower:
            jpeg = join(jpeg, lower, upper, negative.height) or negative.jpeg()
        return Picture(jpeg, negative.width, negative.height, small), figures

    def _passed_on(self, negative: Negative) -> tuple[Picture, Figures]:
        """This thread decodes and measures all but what the other one can do meanwhile."""
        jpeg = negative.jpeg()
        digest = self._second.submit(sha256_of, jpeg)
        small = negative.small()
        fields = self._second.submit(measure_fields, small)
        levels = measure_levels(small)
        figures = Figures(*levels, *fields.result())
        return Picture(jpeg, negative.width, negative.height, small, digest.result()), figures


def _lower_and_figures(negative: Negative, upper: int) -> tuple[bytes, Pixels, Figures]:
    lower = negative.strip(upper, negative.height) if upper < negative.height else b""
    small = negative.small()
    return lower, small, measure(small)
