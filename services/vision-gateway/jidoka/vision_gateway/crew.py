"""All cameras of the line at work, and the watchdog over them."""

import threading
from types import TracebackType
from typing import Self

from jidoka.schemas import PartArrived
from jidoka.vision_gateway.alarms import Alarms, Publisher
from jidoka.vision_gateway.cameras import Shared, open_camera
from jidoka.vision_gateway.developing import Picture
from jidoka.vision_gateway.free import FreeRun
from jidoka.vision_gateway.kinds import AnyCamera
from jidoka.vision_gateway.live import LiveView
from jidoka.vision_gateway.report import Report
from jidoka.vision_gateway.stations import Station
from jidoka.vision_gateway.worker import Worker

TICK = 0.05
LAST_CAPTURE = 3.0


class Crew:
    """One worker per camera; a part goes to every camera of its station."""

    def __init__(  # noqa: PLR0917
        self, stations: list[Station], bus: Publisher, alarms: Alarms, live: LiveView, source: str,
        shared: Shared | None = None,
    ) -> None:  # fmt: skip
        self._bus, self._alarms, self._live, self._source = bus, alarms, live, source
        self._shared = shared or Shared(stations)
        self._workers = {
            station.name: [self._worker(station.name, camera) for camera in station.camera] for station in stations
        }
        self._stop = threading.Event()
        self._watchdog = threading.Thread(target=self._watch, name="watchdog", daemon=True)

    def __enter__(self) -> Self:
        for worker in self._all():
            worker.start()
        self._watchdog.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for worker in self._all():
            worker.stop(LAST_CAPTURE)
        self._stop.set()
        self._watchdog.join(timeout=1)

    def capture(self, part: PartArrived) -> None:
        """Take the images of a part; a station that has no camera here is somebody else's."""
        for worker in self._workers.get(part.station, []):
            worker.capture(part)

    def alive(self) -> bool:
        """Whether every camera's thread and the watchdog run."""
        return self._shared.alive() and self._watchdog.is_alive() and all(worker.alive() for worker in self._all())

    def assert_alive(self) -> None:
        """Raises RuntimeError when a thread has ended: a bug, which a restart may outlive and silence would not."""
        if not self.alive():
            raise RuntimeError("the thread of a camera or of the watchdog has ended")

    def trouble(self) -> str | None:
        """Nothing: a camera that does not answer is a device's state and no fault of this service."""
        return None

    def _worker(self, station: str, settings: AnyCamera) -> Worker | FreeRun:
        def show(picture: Picture) -> None:
            self._live.offer(station, settings.name, picture)

        report = Report(self._bus, self._alarms, self._source, station, settings.name)
        camera, labels = open_camera(station, settings, self._shared), (station, settings.name)
        if settings.trigger in ("timer", "free", "result"):
            return FreeRun(camera, settings, report, show, labels)
        return Worker(camera, settings, report, show, labels)

    def _all(self) -> list[Worker | FreeRun]:
        return [worker for workers in self._workers.values() for worker in workers]

    def _watch(self) -> None:
        while not self._stop.wait(TICK):
            for worker in self._all():
                worker.watch()
