"""One running service: signals, health, patience."""

import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from types import FrameType, TracebackType
from typing import Protocol, Self

from jidoka.runtime.errors import ConfigError, TransientError
from jidoka.runtime.http import HealthServer
from jidoka.runtime.logs import configure_logs, log
from jidoka.runtime.patience import Patience
from jidoka.runtime.settings import Settings
from jidoka.runtime.stopping import StopRequest

STALLED_AFTER_S = 300.0


class Watched(Protocol):
    """Something with threads of its own, such as the bus."""

    def alive(self) -> bool:
        """Whether its threads run."""

    def trouble(self) -> str | None:
        """Why it cannot do its work now, or None."""


class Service:
    """Context manager around a service's loop: `while service.alive(): ...`.

    SIGTERM and SIGINT end the loop. /healthz fails when a watched thread is dead or the loop has not come round for
    five minutes; /readyz names every check that reports an error. `http_port` is the port in use.
    """

    def __init__(self, name: str, settings: Settings, version: str = "0") -> None:
        self.name, self.settings, self.version = name, settings, version
        self._stop = StopRequest()
        self._watched: dict[str, Watched] = {}
        self._checks: dict[str, Callable[[], str | None]] = {}
        self._patience: dict[tuple[str, int], Patience] = {}
        self._beat: float | None = None
        self._stack = ExitStack()
        self._ended_by: str | None = None
        self.http_port = 0

    def __enter__(self) -> Self:
        configure_logs(self.settings.log_level, self.settings.log_format, service=self.name)
        with ExitStack() as stack:
            if threading.current_thread() is threading.main_thread():
                for number in (signal.SIGTERM, signal.SIGINT):
                    stack.callback(signal.signal, number, signal.signal(number, self._signalled))
            server = HealthServer(self.settings.http_host, self.settings.http_port, self.dead, self.unready)
            self.http_port = stack.enter_context(server).port
            self._stack = stack.pop_all()
        log.info("started", version=self.version, http_port=self.http_port, settings=self.settings.effective())
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stop.make()
        self._stack.close()
        self._stop.close()
        log.info("stopped", by=self._ended_by, error=repr(error) if error else None)

    def alive(self) -> bool:
        """Whether to go on. To be called on each round of the loop."""
        self._beat = time.monotonic()
        return not self._stop.made()

    def stop(self) -> None:
        """Ends the loop, as SIGTERM does. Any thread may call it."""
        self._stop.make()

    def wait(self, seconds: float) -> bool:
        """Waits, or returns at once when the service ends. Returns whether to go on."""
        deadline = time.monotonic() + seconds
        while self.alive():
            left = deadline - time.monotonic()
            if left <= 0:
                return True
            self._stop.wait(min(left, 30.0))
        return False

    @contextmanager
    def patience(self, what: str = "") -> Iterator[None]:
        """Swallows a TransientError after waiting 0.5 to 10 s; an outage is logged once when it begins and ends."""
        key = (what, threading.get_ident())
        patience = self._patience.setdefault(key, Patience(self.wait, what))
        try:
            yield
        except TransientError as error:
            patience.failed(error)
        else:
            patience.worked()

    def check(self, name: str, problem: Callable[[], str | None]) -> None:
        """Adds a named check to /readyz: it returns what is wrong, or None."""
        self._checks[name] = problem

    def watch(self, name: str, watched: Watched) -> None:
        """Adds threads to /healthz and their trouble to /readyz: `service.watch("bus", bus)`."""
        self._watched[name] = watched
        self._checks[name] = watched.trouble

    def dead(self) -> dict[str, str]:
        """What /healthz reports: only what a restart would mend."""
        problems = {name: "its thread is dead" for name, watched in self._watched.items() if not watched.alive()}
        if self._beat is not None and time.monotonic() - self._beat > STALLED_AFTER_S:
            problems["loop"] = f"has not come round for {time.monotonic() - self._beat:.0f} s"
        return problems

    def unready(self) -> dict[str, str]:
        """What /readyz reports."""
        problems = {name: problem for name, check in self._checks.items() if (problem := check())}
        return problems | self.dead()

    def _signalled(self, number: int, _frame: FrameType | None) -> None:
        self._ended_by = signal.Signals(number).name
        self._stop.make()


def run(main: Callable[[], None]) -> None:
    """Runs a service's `main`. A ConfigError becomes one line on standard error and exit code 2."""
    try:
        main()
    except ConfigError as error:
        sys.stderr.write(f"configuration: {error}\n")
        sys.exit(2)
