"""What one camera has to say: frames, failed captures, whether it answers, its alarms."""

import threading
import time
from collections import deque
from datetime import UTC, datetime

from jidoka.runtime.errors import TransientError
from jidoka.runtime.logs import log
from jidoka.schemas import CaptureFailed, DeviceKind, DeviceStatus, Frame, PartArrived, new_id
from jidoka.vision_gateway import metrics
from jidoka.vision_gateway.alarms import Alarms, Publisher
from jidoka.vision_gateway.cameras.camera import CameraError, Shot
from jidoka.vision_gateway.developing import Picture
from jidoka.vision_gateway.job import Job

SICK_IN_A_ROW = 2
"""One sick frame makes one invalid inspection; so many in a row make an alarm."""
MOST_UNSAID = 1000


class Report:
    """Publishes for one camera and keeps what it said last."""

    def __init__(self, bus: Publisher, alarms: Alarms, source: str, station: str, camera: str) -> None:
        self._bus, self._alarms, self._source = bus, alarms, source
        self._station, self._camera = station, camera
        self._online: bool | None = None
        self._sick = 0
        self._unsaid: deque[CaptureFailed] = deque(maxlen=MOST_UNSAID)
        self._catching_up, self._answering = threading.Lock(), threading.Lock()
        self._log = log.bind(station=station, camera=camera)

    def frame(self, job: Job | None, shot: Shot, picture: Picture, sick: list[str]) -> None:
        """The part has its frame; without a broker, which keeps no frames for later, it has none. No job: no part."""
        if not self._bus.connected:
            if job:
                self.failed(job.part, "broker", "the broker was away when the image was ready")
            return
        part, health = job.part if job else None, "; ".join(sick)[:500] or None
        frame = Frame(
            frame_id=new_id(),
            station=self._station,
            camera=self._camera,
            part_id=part.part_id if part else None,
            sku=part.sku if part else None,
            captured_at=shot.taken_at,
            deadline_at=job.deadline_at if job else None,
            width=picture.width,
            height=picture.height,
            sha256=picture.sha256,
            healthy=not sick,
            health=health,
            image=picture.jpeg,
        )
        self._bus.publish(frame)
        metrics.FRAMES.labels(self._station, self._camera).inc()
        self._log.debug(
            "frame",
            part_id=str(frame.part_id),
            frame_id=str(frame.frame_id),
            health=health,
            ms=round((time.monotonic() - job.started) * 1000, 1) if job else None,
        )
        self._set("capture-failed", None)
        self._health(health)

    def failed(self, part: PartArrived, code: str, reason: str) -> None:
        """The part has no frame."""
        metrics.FAILED.labels(self._station, self._camera, code).inc()
        record = CaptureFailed(
            capture_id=new_id(),
            part_id=part.part_id,
            station=self._station,
            camera=self._camera,
            at=datetime.now(UTC),
            code=code,
            reason=reason[:500],
        )
        self._unsaid.append(record)
        self._log.warning("capture_failed", part_id=str(part.part_id), code=code, reason=reason)
        self.catch_up()
        if code != "stale":
            self._set("capture-failed", reason)

    def missed(self, reason: str, code: str) -> None:
        """A frame that no part asked for did not come."""
        metrics.FAILED.labels(self._station, self._camera, code).inc()
        self._set("capture-failed", reason)

    def catch_up(self) -> None:
        """Publish what had no room in the outbox so far."""
        with self._catching_up:
            try:
                while self._unsaid:
                    self._bus.publish(self._unsaid[0])
                    self._unsaid.popleft()
            except TransientError as error:
                self._log.warning("capture_failed_waits", records=len(self._unsaid), reason=str(error))

    def answers(self, error: CameraError | None = None) -> None:
        """The camera answers, or it does not and why; said again only when it changes."""
        if error is not None and error.code != "offline":
            return
        with self._answering:
            if self._online == (error is None):
                return
            self._online = error is None
            self._say_online(self._online, str(error)[:500] if error else None)

    def _say_online(self, online: bool, reason: str | None) -> None:
        metrics.STATUS.labels(self._station, self._camera).set(online)
        self._log.info("camera", online=online, reason=reason)
        self._bus.publish(
            DeviceStatus(
                kind=DeviceKind.CAMERA,
                name=f"{self._station}.{self._camera}",
                online=online,
                reason=reason,
                station=self._station,
                source=self._source,
                at=datetime.now(UTC),
            )
        )

    def _health(self, health: str | None) -> None:
        self._sick = self._sick + 1 if health else 0
        if health:
            metrics.UNHEALTHY.labels(self._station, self._camera).inc()
        if self._sick >= SICK_IN_A_ROW:
            self._set("image-health", health)
        elif not health:
            self._set("image-health", None)

    def _set(self, code: str, message: str | None) -> None:
        try:
            self._alarms.set(code, self._station, self._camera, message)
        except TransientError as error:
            # The next frame or failed capture says it again.
            self._log.warning("alarm_waits", code=code, reason=str(error))
