"""One Keyence CV-X controller, shared by its cameras: run mode, program by SKU, trigger, results, counts that fit."""

import threading
import time
from collections import deque
from collections.abc import Mapping
from typing import Literal

from jidoka.runtime.logs import log
from jidoka.vision_gateway import metrics
from jidoka.vision_gateway.cameras.camera import CameraError, Want
from jidoka.vision_gateway.cameras.cvx_link import CvxLink
from jidoka.vision_gateway.cameras.mailbox import Mailbox
from jidoka.vision_gateway.cameras.tally import Tally

ANSWER = 1.0
ResultField = Literal["count", "judgement"]
JUDGEMENTS = {"0": "ok", "1": "ng"}
MOST_RESULTS = 64


class CvxController:
    """`expose` triggers once for a part, whichever camera asks first, and gives the number of its images.

    At connecting, after a change of program, and when the counts do not fit, the controller's own counters are reset
    (RS): then number and trigger are known to agree. `fields` says which place of a result line holds what.
    """

    def __init__(
        self,
        name: str,
        address: tuple[str, int],
        programs: Mapping[str, int],
        fields: Mapping[ResultField, int],
        *,
        commanded: bool,
    ) -> None:
        self.name, self._programs, self._fields, self._commanded = name, programs, fields, commanded
        self._link = CvxLink(name, address, self._result)
        self._busy = threading.RLock()
        self._tally, self._counting = Tally(), threading.Lock()
        self._boxes: dict[int, Mailbox] = {}
        self._last: tuple[int, int] | None = None
        self._program: int | None = None
        self._ready = False
        self._results: deque[int] = deque(maxlen=MOST_RESULTS)

    def register(self, camera: int, box: Mailbox) -> None:
        """Where the images of CAMn arrive."""
        self._boxes[camera] = box
        self._tally.watch(camera)
        if self._commanded:
            box.seen = lambda number: self._seen(camera, number)

    def connect(self, until: float) -> None:
        """Connected, in run mode, and counting from a number that is known. Raises CameraError."""
        with self._busy:
            if not self._link.connected:
                self._ready = False
                self._link.connect(until)
            if not self._ready:
                self._prepare(until)

    def expose(self, want: Want, until: float) -> int:
        """The number that the images of this part have. Raises CameraError: also when it is too late for the part."""
        with self._busy:
            if want.counter is not None and self._last and self._last[0] == want.counter:
                return self._last[1]
            self.connect(until)
            self._choose(want, until)
            if self._tally.doubtful():
                log.warning("keyence_counts", controller=self.name, reason="triggers and images do not add up: reset")
                self._reset(until)
            if want.late():
                raise CameraError("late", f"{self.name} was busy until the part had gone")
            number = self._trigger(until)
            if want.late():
                raise CameraError("late", f"{self.name} took the trigger after the part had gone")
            self._last = (want.counter, number) if want.counter is not None else None
            return number

    def proven(self, camera: int, number: int) -> bool:
        """Whether the image with that number is known to be that of the trigger which got the number."""
        with self._counting:
            return self._tally.proven(camera, number)

    def next_result(self, until: float) -> int | None:
        """The number in the oldest result line that nobody has taken, waited for."""
        while not self._results and time.monotonic() < until:
            time.sleep(min(0.01, max(0.0, until - time.monotonic())))
        return self._results.popleft() if self._results else None

    def close(self) -> None:
        """Disconnect."""
        self._link.close()

    def _prepare(self, until: float) -> None:
        if self._command("RM", until) != ["1"]:
            log.warning("keyence_mode", controller=self.name, reason="it was in setup mode: to run mode")
            self._command("R0", until)
        self._program = None
        if self._commanded:
            self._reset(until)
        self._ready = True

    def _choose(self, want: Want, until: float) -> None:
        if not self._programs or want.counter is None:
            return
        program = self._programs.get(want.sku or "")
        if program is None:
            raise CameraError("program", f"{self.name}: line.toml names no program for SKU {want.sku}")
        if self._program is None:
            self._program = int(self._command("PR", until)[-1])
        if self._program != program:
            self._command(f"PW,1,{program:03d}", until)
            self._program = program
            self._reset(until)

    def _reset(self, until: float) -> None:
        self._command("RS", until)
        metrics.RESETS.labels(self.name).inc()
        with self._counting:
            self._tally.reset(time.monotonic())
        self._last = None
        for box in self._boxes.values():
            box.clear()

    def _trigger(self, until: float) -> int:
        with self._counting:
            number = self._tally.triggered()
        try:
            self._command("TA", until)
        except CameraError as error:
            if error.code == "refused":
                with self._counting:
                    self._tally.refused()
            else:
                self._ready = False
            raise
        return number

    def _command(self, line: str, until: float) -> list[str]:
        return self._link.command(line, min(until, time.monotonic() + ANSWER))

    def _seen(self, camera: int, number: int) -> bool:
        with self._counting:
            wanted = self._tally.seen(camera, number)
        for box in self._boxes.values():
            box.wake()
        return wanted

    def _result(self, values: list[str]) -> None:
        """A result line; one that the field map does not fit is named in the log."""
        try:
            judgement = values[self._fields["judgement"]] if "judgement" in self._fields else ""
            if "count" in self._fields:
                self._results.append(int(values[self._fields["count"]]))
        except (IndexError, ValueError):
            metrics.RESULTS.labels(self.name, "unreadable").inc()
            log.warning("keyence_result", controller=self.name, line=",".join(values)[:200], reason="fits no field map")
            return
        metrics.RESULTS.labels(self.name, JUDGEMENTS.get(judgement.lstrip("+0") or "0", "other")).inc()
