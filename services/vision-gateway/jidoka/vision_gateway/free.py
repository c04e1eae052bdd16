"""Frames that no part asks for: by a timer, or whenever the camera exposes of its own accord."""

import threading
import time
from collections.abc import Callable

from jidoka.schemas import PartArrived
from jidoka.vision_gateway.bench import Bench
from jidoka.vision_gateway.calls import Calls
from jidoka.vision_gateway.cameras.camera import Camera, CameraError, Want
from jidoka.vision_gateway.developing import Picture
from jidoka.vision_gateway.judge import HealthJudge
from jidoka.vision_gateway.line import CameraSettings
from jidoka.vision_gateway.report import Report

LISTEN = 1.0


class FreeRun:
    """One thread for one camera. Only a timer expects an image: no image of a camera that runs free is no fault."""

    def __init__(
        self, camera: Camera, settings: CameraSettings, report: Report, show: Callable[[Picture], None],
        labels: tuple[str, str],
    ) -> None:  # fmt: skip
        self._camera, self._settings, self._report, self._show = camera, settings, report, show
        self._judge, self._bench = HealthJudge(settings.health), Bench(labels)
        self._period = (settings.period_ms or 0.0) / 1000 if settings.trigger == "timer" else None
        self._stopping = threading.Event()
        self._calls = Calls(report, labels)
        self._thread = threading.Thread(target=self._work, name=f"camera {'/'.join(labels)}", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self, within: float) -> None:
        """End after the capture in progress."""
        self._stopping.set()
        self._thread.join(within)

    def alive(self) -> bool:
        """Whether its thread runs."""
        return self._thread.is_alive()

    def capture(self, part: PartArrived) -> None:
        """Nothing: parts do not matter here."""

    def watch(self) -> None:
        """Tell of a call that does not come back."""
        self._calls.watch()

    def _work(self) -> None:
        due = time.monotonic()
        while not self._stopping.is_set():
            if self._period is not None:
                self._stopping.wait(max(0.0, due - time.monotonic()))
                due = max(due + self._period, time.monotonic())
            if not self._stopping.is_set():
                self._once()
        self._camera.close()
        self._bench.close()

    def _once(self) -> None:
        timed = self._period is not None
        until = time.monotonic() + ((self._settings.capture_timeout_ms or 0.0) / 1000 if timed else LISTEN)
        try:
            with self._calls.lasting(until):
                shot = self._camera.grab(Want(), until)
            picture, figures = self._bench.develop(shot, self._settings.processing)
        except CameraError as error:
            self._report.answers(error)
            if timed or error.code != "timeout":
                self._report.missed(str(error), error.code)
                self._stopping.wait(LISTEN if error.code == "offline" and not timed else 0.0)
            return
        self._report.answers()
        self._report.frame(None, shot, picture, self._judge.sick(picture, figures))
        self._bench.published()
        self._show(picture)
