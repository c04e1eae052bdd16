"""Develops one camera's shots and measures them at the same time."""

import time
from dataclasses import replace

from jidoka.vision_gateway import metrics
from jidoka.vision_gateway.aside import Aside
from jidoka.vision_gateway.cameras.camera import Shot
from jidoka.vision_gateway.developing import Negative, Picture, Pixels, expose, sha256
from jidoka.vision_gateway.health import Figures, hues, measure
from jidoka.vision_gateway.line import Processing


class Bench:
    """OpenCV and the hash let go of the interpreter, so what does not need one another is done at the same time."""

    def __init__(self, labels: tuple[str, str]) -> None:
        self._second = Aside("measure")
        self._labels, self._begun = labels, 0.0

    def develop(self, shot: Shot, how: Processing) -> tuple[Picture, Figures]:
        """The picture and its figures. Raises CameraError."""
        self._begun = time.monotonic()
        negative = expose(shot, how)
        return self._passed(negative) if negative.passes else self._encoded(negative)

    def _encoded(self, negative: Negative) -> tuple[Picture, Figures]:
        measured = self._second.submit(_measured, negative)
        jpeg = negative.jpeg()
        digest = sha256(jpeg)
        small, figures = measured.result()
        return Picture(jpeg, digest, negative.width, negative.height, small), figures

    def _passed(self, negative: Negative) -> tuple[Picture, Figures]:
        """Decoded twice at the same time, for its grey levels and its colours: that ends sooner than one by one."""
        beside = self._second.submit(_grey_and_digest, negative)
        small = negative.small()
        colour, tint = hues(small)
        grey, digest = beside.result()
        picture = Picture(negative.jpeg(), digest, negative.width, negative.height, small)
        return picture, replace(grey, colour=colour, tint=tint)

    def published(self) -> None:
        """The picture developed last has been handed on."""
        metrics.PUBLISH.labels(*self._labels).observe(time.monotonic() - self._begun)

    def close(self) -> None:
        """End the thread."""
        self._second.close()


def _measured(negative: Negative) -> tuple[Pixels, Figures]:
    small = negative.small()
    return small, measure(small)


def _grey_and_digest(negative: Negative) -> tuple[Figures, str]:
    return measure(negative.grey()), sha256(negative.jpeg())
