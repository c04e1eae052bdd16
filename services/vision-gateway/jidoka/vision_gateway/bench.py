"""Develops one camera's shots and measures them at the same time."""

import time
from concurrent.futures import ThreadPoolExecutor

from jidoka.vision_gateway import metrics
from jidoka.vision_gateway.cameras.camera import Shot
from jidoka.vision_gateway.developing import Negative, Picture, Pixels, expose
from jidoka.vision_gateway.health import Figures, measure
from jidoka.vision_gateway.line import Processing


class Bench:
    """OpenCV lets go of the interpreter, so an image is measured on a second thread while it is encoded."""

    def __init__(self, labels: tuple[str, str]) -> None:
        self._second = ThreadPoolExecutor(1, thread_name_prefix="measure")
        self._labels, self._begun = labels, 0.0

    def develop(self, shot: Shot, how: Processing) -> tuple[Picture, Figures]:
        """The picture and its figures. Raises CameraError."""
        self._begun = time.monotonic()
        negative = expose(shot, how)
        measured = self._second.submit(_measured, negative)
        jpeg = negative.jpeg()
        small, figures = measured.result()
        return Picture(jpeg, negative.width, negative.height, small), figures

    def published(self) -> None:
        """The picture developed last has been handed on."""
        metrics.PUBLISH.labels(*self._labels).observe(time.monotonic() - self._begun)

    def close(self) -> None:
        """End the thread."""
        self._second.shutdown()


def _measured(negative: Negative) -> tuple[Pixels, Figures]:
    small = negative.small()
    return small, measure(small)
