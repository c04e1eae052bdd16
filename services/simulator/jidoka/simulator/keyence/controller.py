"""The controller itself: exposes, measures, says results on every connection and pushes images."""

import threading
from collections.abc import Callable
from datetime import datetime

from jidoka.simulator.keyence.faults import CleanDelivery, Delivery
from jidoka.simulator.keyence.push import Push, Upload

Look = Callable[[int], tuple[bytes, bool]]
"""What a camera sees now: the encoded image, and whether it is judged good."""


class Controller:
    """`look(camera)` gives an image. `fate` says how each exposure is delivered; `fire` is also the trigger wire."""

    def __init__(
        self,
        look: Look,
        push: Push | None,
        cameras: int = 1,
        suffix: str = "jpg",
        fate: Callable[[], Delivery] = lambda: CleanDelivery,
    ) -> None:
        self._look, self._push, self._cameras, self._suffix = look, push, cameras, suffix
        self.fate = fate
        self.running, self.permitted, self.program, self.condition = True, True, (1, 0), 0
        self.strings: dict[int, str] = {}
        self.listeners: list[Callable[[str], None]] = []
        self.total = 0
        self.exposures = 0
        self.silent = False
        self._held: list[Callable[[], None]] = []
        self._lock = threading.RLock()

    def fire(self, trigger: str = "TA") -> None:  # noqa: ARG002 - one trigger for all cameras
        """Expose all cameras at once."""
        with self._lock:
            fate = self.fate()
            if fate.deaf:
                return
            self.total += 1
            self.exposures += 1
            seen = [self._look(camera) for camera in range(1, self._cameras + 1)]
            stamp = datetime.now().strftime("%y%m%d_%H%M%S")  # noqa: DTZ005 - the controller's local clock
            uploads = [
                Upload(self._path(stamp, number, good), data, fate.cut)
                for number, (data, good) in enumerate(seen, start=1)
            ]
            result = f"+{self.total:07d},{int(not all(good for _, good in seen))},+{len(seen[0][0]):08d}"
            held, self._held = self._held, []
        self._arrange(fate, result, uploads, held)

    def reset(self) -> None:
        """The counters start from 0. What is under way still comes: the worst that a gateway may meet."""
        with self._lock:
            self.total = 0

    def _arrange(self, fate: Delivery, result: str, uploads: list[Upload], held: list[Callable[[], None]]) -> None:
        def deliver() -> None:
            self._say(result, uploads, min(fate.result, 1), min(fate.image, 1))

        def again() -> None:
            self._say(result, uploads, fate.result - 1, fate.image - 1)

        if fate.held:
            with self._lock:
                self._held.append(deliver)
        else:
            _after(fate.delay, deliver)
        if fate.result > 1 or fate.image > 1:
            _after(fate.repeat_delay, again)
        for earlier in held:
            _after(fate.delay, earlier)

    def _say(self, result: str, uploads: list[Upload], results: int, images: int) -> None:
        for _ in range(results):
            for listener in list(self.listeners):
                listener(result)
        for _ in range(images):
            for upload in uploads:
                if self._push:
                    self._push.send(upload)

    def _path(self, stamp: str, camera: int, good: bool) -> str:
        name = f"{stamp}_{self.total:07d}_CAM{camera}_{'OK' if good else 'NG'}.{self._suffix}"
        return f"SD{self.program[0]}_{self.program[1]:03d}/{stamp[:6]}/CAM{camera}/{name}"


def _after(seconds: float, work: Callable[[], None]) -> None:
    if not seconds:
        work()
        return
    timer = threading.Timer(seconds, work)
    timer.daemon = True
    timer.start()
