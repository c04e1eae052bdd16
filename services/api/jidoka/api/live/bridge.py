"""The one bridge from the bus to the event loop: a thread that hands over batches and waits until they are taken in."""

import asyncio
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from jidoka.runtime.bus import Bus, Delivery
from jidoka.schemas import (
    ActionOutcome,
    AlarmState,
    Decision,
    DeviceStatus,
    Inspection,
    LiveFrame,
    PartArrived,
    Receipt,
    ServiceStatus,
    TagBatch,
)

HEARD = (TagBatch, PartArrived, Inspection, Decision, AlarmState, DeviceStatus, ServiceStatus, LiveFrame, Receipt)
WITHIN_S = 0.02
UP_TO = 200


class Bridge:
    """Runs between `start` and `stop`. A bug in taking messages in is given to `failed`."""

    def __init__(
        self, bus: Bus, take_in: Callable[[Sequence[Delivery]], None], failed: Callable[[BaseException], None]
    ) -> None:
        self._bus, self._take_in, self._failed = bus, take_in, failed
        self._stop = threading.Event()
        self._loop = asyncio.get_running_loop()
        self._thread = ThreadPoolExecutor(1, "bridge")

    def start(self, source: str) -> None:
        """Subscribes, and begins; outcomes only of `source`'s own actions."""
        self._bus.subscribe(*HEARD)
        self._bus.subscribe(ActionOutcome, source=source)
        self._work = self._loop.run_in_executor(self._thread, self._run)
        self._work.add_done_callback(self._ended)

    async def stop(self) -> None:
        """Ends the thread."""
        self._stop.set()
        await asyncio.wait([self._work], timeout=5)
        self._thread.shutdown(wait=False)

    def _ended(self, work: asyncio.Future[None]) -> None:
        if not work.cancelled() and (error := work.exception()):
            self._failed(error)

    def _run(self) -> None:
        while not self._stop.is_set():
            with self._bus.batch(up_to=UP_TO, within=WITHIN_S) as batch:
                if batch:
                    self._hand_over(batch)

    def _hand_over(self, deliveries: Sequence[Delivery]) -> None:
        async def take_in() -> None:
            self._take_in(deliveries)

        taken = asyncio.run_coroutine_threadsafe(take_in(), self._loop)
        while not self._stop.is_set():
            try:
                taken.result(timeout=0.5)
            except TimeoutError:
                continue
            return
