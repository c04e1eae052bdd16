"""A camera on a Keyence CV-X: exposed by command, by its own trigger wire, or told of by its result lines."""

import time

from jidoka.vision_gateway.cameras.camera import CameraError, Shot, Want
from jidoka.vision_gateway.cameras.cvx import CvxController
from jidoka.vision_gateway.cameras.mailbox import Mailbox
from jidoka.vision_gateway.cameras.wired import Counted, WiredCamera

LOOK_AGAIN = 0.25


class KeyenceCamera:
    """Images come by FTP into `box`; counts say which of them is the part's, never the order in which they come."""

    def __init__(self, name: str, camera: int, controller: CvxController, box: Mailbox, trigger: str) -> None:
        self._name, self._camera, self._controller, self._box, self._trigger = name, camera, controller, box, trigger
        controller.register(camera, box)

    def grab(self, want: Want, until: float) -> Shot:
        """The part's image; without a part the next one. Raises CameraError."""
        if self._trigger == "result":
            number = self._controller.next_result(until)
            if number is None:
                raise CameraError("timeout", f"{self._name}: no result came")
            return self._image(number, until, proof=False)
        return self._image(self._controller.expose(want, until), until, proof=True)

    def glance(self, until: float) -> Shot | None:
        """The image that came last. Raises CameraError when the controller does not answer."""
        self._controller.connect(until)
        return self._box.newest()

    def close(self) -> None:
        """Disconnect."""
        self._controller.close()

    def _image(self, number: int, until: float, *, proof: bool) -> Shot:
        begun = time.monotonic()
        while True:
            if not proof or self._controller.proven(self._camera, number):
                shot = self._box.take(number)
                if shot:
                    return shot
            if time.monotonic() >= until:
                raise self._missing(number, begun)
            self._box.wait(min(until, time.monotonic() + LOOK_AGAIN))

    def _missing(self, number: int, begun: float) -> CameraError:
        trouble = self._box.trouble(number, begun)
        if trouble:
            return CameraError("unreadable", f"{self._name}: {trouble}")
        return CameraError("timeout", f"{self._name}: no image {number} that is surely of this part came by FTP")


class WiredKeyenceCamera(WiredCamera):
    """Exposed by a wire from the PLC: its Total Count runs beside the part counter."""

    def __init__(self, name: str, controller: CvxController, box: Mailbox, settings: Counted) -> None:
        super().__init__(name, box, settings)
        self._controller = controller

    def glance(self, until: float) -> Shot | None:
        """The image that came last. Raises CameraError when the controller does not answer."""
        self._controller.connect(until)
        return super().glance(until)

    def close(self) -> None:
        """Disconnect."""
        self._controller.close()
