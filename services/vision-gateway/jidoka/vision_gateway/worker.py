"""One thread for one camera, so that a camera that hangs holds up nobody else."""

import threading
import time
from collections import deque
from collections.abc import Callable
from uuid import UUID

from jidoka.schemas import PartArrived
from jidoka.vision_gateway import metrics
from jidoka.vision_gateway.bench import Bench
from jidoka.vision_gateway.calls import Calls
from jidoka.vision_gateway.cameras.camera import Camera, CameraError, Shot
from jidoka.vision_gateway.developing import Picture, develop
from jidoka.vision_gateway.health import Figures
from jidoka.vision_gateway.job import Job
from jidoka.vision_gateway.judge import HealthJudge
from jidoka.vision_gateway.line import CameraSettings
from jidoka.vision_gateway.report import Report

IDLE = 1.0
GLANCE = 0.5
PAUSE = 0.05
GRACE = 0.1
REMEMBERED = 1000

Show = Callable[[Picture], None]


class Worker:
    """Takes the images of a camera's parts in the order of their arrival. `watch` ends what outlasts its time."""

    def __init__(
        self, camera: Camera, settings: CameraSettings, report: Report, show: Show, labels: tuple[str, str]
    ) -> None:
        self._camera, self._settings, self._report, self._show, self._labels = camera, settings, report, show, labels
        self._judge, self._bench, self._calls = HealthJudge(settings.health), Bench(labels), Calls(report, labels)
        self._jobs: deque[Job] = deque()
        self._open: deque[Job] = deque()
        self._known: dict[UUID, None] = {}
        self._changed = threading.Condition()
        self._stopping = False
        self._thread = threading.Thread(target=self._work, name=f"camera {'/'.join(labels)}", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self, within: float) -> None:
        """End after the capture in progress; parts not begun end as failed captures."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        self._thread.join(within)
        for job in self._open:
            if job.claim():
                self._report.failed(job.part, "stopped", "the vision gateway was stopped")

    def alive(self) -> bool:
        """Whether its thread runs."""
        return self._thread.is_alive()

    def capture(self, part: PartArrived) -> None:
        """Take this part's image soon; a repeat of a part known already is left out."""
        if part.part_id in self._known:
            metrics.REPEATED.labels(*self._labels).inc()
            return
        self._remember(part.part_id)
        metrics.TRIGGERS.labels(*self._labels).inc()
        job = Job(part, self._settings.capture_timeout_ms or 0)
        if job.stale:
            self._report.failed(part, "stale", "announced too late for its picture")
            return
        with self._changed:
            self._jobs.append(job)
            self._open.append(job)
            metrics.WAITING.labels(*self._labels).set(len(self._jobs))
            self._changed.notify()

    def watch(self) -> None:
        """End the jobs whose time is over although the camera has not come back from its call."""
        self._calls.watch()
        while self._open and (self._open[0].ended or time.monotonic() > self._open[0].due + GRACE):
            job = self._open.popleft()
            if job.claim():
                self._report.failed(job.part, "timeout", "the camera did not come back from a call in time")
        self._report.catch_up()

    def _remember(self, part_id: UUID) -> None:
        self._known[part_id] = None
        if len(self._known) > REMEMBERED:
            del self._known[next(iter(self._known))]

    def _work(self) -> None:
        while not self._stopping:
            job = self._next()
            if job:
                self._take(job)
            elif not self._stopping:
                self._glance()
        self._camera.close()
        self._bench.close()

    def _next(self) -> Job | None:
        with self._changed:
            if not self._jobs and not self._stopping:
                self._changed.wait(IDLE)
            job = self._jobs.popleft() if self._jobs and not self._stopping else None
            metrics.WAITING.labels(*self._labels).set(len(self._jobs))
            return job

    def _take(self, job: Job) -> None:
        try:
            shot, picture, figures = self._usable(job)
        except CameraError as error:
            if job.claim():
                self._report.failed(job.part, error.code, str(error))
            return
        sick = self._judge.sick(picture, figures)
        if not job.claim():
            metrics.DISCARDED.labels(*self._labels).inc()
            return
        self._report.frame(job, shot, picture, sick)
        self._bench.published()
        self._show(picture)

    def _usable(self, job: Job) -> tuple[Shot, Picture, Figures]:
        """The part's image, asked for again while there is time. Raises the last CameraError that says anything."""
        want = job.want(self._settings.begin_within_ms if self._settings.trigger == "part" else None)
        if want.late():
            raise CameraError("late", "the camera was busy with the part before until this one had gone")
        failure: CameraError | None = None
        while True:
            try:
                with self._calls.lasting(job.due):
                    shot = self._camera.grab(want, job.due)
                metrics.CAPTURE.labels(*self._labels).observe(time.monotonic() - job.started)
                picture, figures = self._bench.develop(shot, self._settings.processing)
            except CameraError as error:
                self._report.answers(error)
                failure = failure if failure and error.code in ("timeout", "late") else error
                if job.ended or self._stopping or want.late() or time.monotonic() + PAUSE >= job.due:
                    raise failure from None
            else:
                self._report.answers()
                return shot, picture, figures
            time.sleep(PAUSE)

    def _glance(self) -> None:
        until = time.monotonic() + GLANCE
        try:
            with self._calls.lasting(until):
                shot = self._camera.glance(until)
            picture = develop(shot, self._settings.processing) if shot else None
        except CameraError as error:
            self._report.answers(error)
            return
        self._report.answers()
        if picture:
            self._show(picture)
