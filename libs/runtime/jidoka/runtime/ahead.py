"""Decoding what comes next on a thread of its own, while the loop waits for what it does with a full batch."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from jidoka.runtime.batch import Delivery, delivery
from jidoka.runtime.link import Incoming

HANDFUL = 50
WAIT_S = 0.005


class Ahead:
    """Takes from the inbox by `take(most, within)` between `begin` and `collect`. For one thread."""

    def __init__(self, take: Callable[[int, float], list[Incoming]]) -> None:
        self._take = take
        self._thread = ThreadPoolExecutor(1, "decoder")
        self._wanted = threading.Event()
        self._decoded: Future[list[Delivery]] | None = None

    def begin(self, most: int) -> None:
        """Starts to decode up to so many deliveries, unless that is under way."""
        if self._decoded is None:
            self._wanted.clear()
            self._decoded = self._thread.submit(self._decode, most)

    def collect(self) -> list[Delivery]:
        """What was decoded, in order; nothing if nothing was begun."""
        self._wanted.set()
        decoded, self._decoded = self._decoded, None
        return decoded.result() if decoded else []

    def close(self) -> None:
        """Ends the thread."""
        self._wanted.set()
        self._thread.shutdown()

    def _decode(self, most: int) -> list[Delivery]:
        done: list[Delivery] = []
        while len(done) < most and not self._wanted.is_set():
            done += [delivery(incoming) for incoming in self._take(min(HANDFUL, most - len(done)), WAIT_S)]
        return done
