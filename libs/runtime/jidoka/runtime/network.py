"""The thread that drives one paho client: connects, reads, writes, and connects again for as long as it takes.

paho's own thread would not do: it dies of an error in a callback, cannot reconnect at once, and waits with select(),
which fails for file descriptors above 1023.
"""

import random
import select
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Protocol

from jidoka.runtime import metrics
from jidoka.runtime.logs import log

FIRST_S, LONGEST_S, STEADY_S = 1.0, 30.0, 5.0
POLL_S = 1.0
LEAVING_S = 2.0
STALLED_S = 120.0


class Driven(Protocol):
    """A paho client, as far as this thread uses it."""

    def reconnect(self) -> object: ...  # noqa: D102 - paho documents these
    def socket(self) -> Any: ...  # noqa: D102
    def loop_read(self) -> object: ...  # noqa: D102
    def loop_write(self) -> object: ...  # noqa: D102
    def loop_misc(self) -> object: ...  # noqa: D102
    def want_write(self) -> bool: ...  # noqa: D102


class Network:
    """Calls `prepare` before each attempt to connect, `tick` on each round, `failed` with the reason of a failure."""

    def __init__(self, client: Driven, prepare: Callable[[], None], tick: Callable[[], None],
                 failed: Callable[[str], None]) -> None:  # fmt: skip
        self._client, self._prepare, self._tick, self._failed = client, prepare, tick, failed
        self._reader, self._writer = socket.socketpair()
        self._reader.setblocking(False)
        self._woken = False
        self._writer.setblocking(False)
        self._stop_by: float | None = None
        self._beat = time.monotonic()
        self._thread = threading.Thread(target=self._run, name="mqtt", daemon=True)

    def start(self) -> None:
        """Starts the thread."""
        self._beat = time.monotonic()
        self._thread.start()

    def stop(self, farewell: Callable[[], object]) -> None:
        """Calls `farewell`, which disconnects; ends the thread once that is written, and waits for it."""
        self._stop_by = time.monotonic() + LEAVING_S
        farewell()
        self.wake()
        self._thread.join()
        self._reader.close()
        self._writer.close()

    def alive(self) -> bool:
        """Whether the thread runs and comes round."""
        return self._thread.is_alive() and time.monotonic() - self._beat < STALLED_S

    def wake(self) -> None:
        """There is something to write or to do. Thread safe."""
        if not self._woken:
            self._woken = True
            with suppress(OSError):  # closed
                self._writer.send(b"x")

    def _run(self) -> None:
        attempts = 0
        while self._stop_by is None:
            began = self._beat = time.monotonic()
            self._connection()
            attempts = 0 if time.monotonic() - began > STEADY_S else attempts + 1
            if attempts and self._stop_by is None:
                self._sleep(min(FIRST_S * 2 ** (attempts - 1), LONGEST_S) * random.uniform(0.8, 1.2))  # noqa: S311

    def _connection(self) -> None:
        try:
            self._prepare()
            self._client.reconnect()
            self._drive()
        except OSError as error:
            self._failed(str(error))
        except Exception as error:  # noqa: BLE001 - the one guard: nothing may end this thread
            metrics.CALLBACK_ERRORS.inc()
            log.exception("network_thread_error")
            self._failed(f"bug: {error!r}")

    def _drive(self) -> None:
        poller = select.poll()
        poller.register(self._reader, select.POLLIN)
        checked = 0.0
        while (sock := self._client.socket()) is not None:
            number = sock.fileno()
            poller.register(number, select.POLLIN | (select.POLLOUT if self._client.want_write() else 0))
            pending = getattr(sock, "pending", None)
            ready = dict(poller.poll(0 if pending and pending() else POLL_S * 1000))
            if self._reader.fileno() in ready:
                self._heard()
            if ready.get(number, 0) & ~select.POLLOUT or (pending and pending()):
                self._client.loop_read()
            self._tick()
            if self._client.want_write():
                self._client.loop_write()
            now = self._beat = time.monotonic()
            if now - checked >= POLL_S:
                checked = now
                self._client.loop_misc()
            if self._stop_by is not None and now > self._stop_by:
                return

    def _sleep(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        poller = select.poll()
        poller.register(self._reader, select.POLLIN)
        while self._stop_by is None and (left := deadline - time.monotonic()) > 0:
            self._beat = time.monotonic()
            if poller.poll(left * 1000):
                self._heard()

    def _heard(self) -> None:
        self._reader.recv(65_536)
        self._woken = False  # before looking for work, so that work that comes from now on wakes again
