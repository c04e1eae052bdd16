"""Develops one camera's shots and measures them at the same time."""

from concurrent.futures import ThreadPoolExecutor

from jidoka.vision_gateway.cameras.camera import Shot
from jidoka.vision_gateway.developing import Negative, Picture, Pixels, expose
from jidoka.vision_gateway.health import Figures, measure
from jidoka.vision_gateway.line import Processing


class Bench:
    """OpenCV lets go of the interpreter, so an image is measured on a second thread while it is encoded."""

    def __init__(self) -> None:
        self._second = ThreadPoolExecutor(1, thread_name_prefix="measure")

    def develop(self, shot: Shot, how: Processing) -> tuple[Picture, Figures]:
        """The picture and its figures. Raises CameraError."""
        negative = expose(shot, how)
        measured = self._second.submit(_measured, negative)
        jpeg = negative.jpeg()
        small, figures = measured.result()
        return Picture(jpeg, negative.width, negative.height, small), figures

    def close(self) -> None:
        """End the thread."""
        self._second.shutdown()


def _measured(negative: Negative) -> tuple[Pixels, Figures]:
    small = negative.small()
    return small, measure(small)
