"""Messages that came and were not yet taken: filled by the network thread, emptied by the service's loop."""

import threading
import time
from collections import deque

from jidoka.runtime import metrics
from jidoka.runtime.link import Incoming


class Inbox:
    """A queue that is bounded by the Receive Maximum for QoS 1, and by dropping the oldest for QoS 0."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._queue: deque[Incoming] = deque()
        self._unreliable = 0
        self._changed = threading.Condition()
        self._closed = False

    def put(self, incoming: Incoming) -> None:
        """Adds one message. Never waits."""
        with self._changed:
            if incoming.qos == 0:
                self._unreliable += 1
                if self._unreliable > self._most:
                    self._drop_oldest()
            self._queue.append(incoming)
            self._changed.notify()
        metrics.RECEIVED.inc()

    def take(self, most: int, within: float) -> list[Incoming]:
        """Up to `most` messages: waits until there are so many, or `within` seconds, or for the inbox's end."""
        deadline = time.monotonic() + within
        with self._changed:
            while len(self._queue) < min(most, self._most) and not self._closed:
                left = deadline - time.monotonic()
                if left <= 0 or not self._changed.wait(left):
                    break
            taken = [self._queue.popleft() for _ in range(min(most, len(self._queue)))]
            self._unreliable -= sum(1 for incoming in taken if incoming.qos == 0)
        return taken

    def forget(self, before: int) -> None:
        """Drops what came by connections before that generation and the broker will deliver again."""
        with self._changed:
            self._queue = deque(m for m in self._queue if m.qos == 0 or m.generation >= before)

    def close(self) -> None:
        """Lets a waiting `take` return."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _drop_oldest(self) -> None:
        oldest = next(index for index, incoming in enumerate(self._queue) if incoming.qos == 0)
        del self._queue[oldest]
        self._unreliable -= 1
        metrics.INBOX_DROPPED.inc()
