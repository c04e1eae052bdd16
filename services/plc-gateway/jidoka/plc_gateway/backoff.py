"""Waiting for what is away: the controller (a new connection), or the journal (the same work again)."""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event

from jidoka.plc_gateway.link import LinkError
from jidoka.runtime.errors import TransientError
from jidoka.runtime.patience import Patience

_STABLE = 5.0


@dataclass(slots=True)
class Backoff:
    """Delays in seconds; a connection that lived for 5 s starts the row anew.

    A controller's network card takes harm from endless opening and closing, so one that connects and fails at once
    waits up to `ceiling`. One that nobody answers harms none, and its ring of parts runs over meanwhile: up to `away`.
    """

    first: float = 0.25
    ceiling: float = 5.0
    away: float = 1.0
    clock: Callable[[], float] = time.monotonic
    _failures: int = 0
    _connected: float | None = None

    def connected(self) -> None:
        """A connection was made."""
        self._connected = self.clock()

    def delay(self) -> float:
        """How long to wait after a failure, with jitter downwards."""
        answered = self._connected is not None
        if self._connected is not None and self.clock() - self._connected >= _STABLE:
            self._failures = 0
        self._connected = None
        self._failures += 1
        if self._failures == 1:
            return 0.0
        most = self.ceiling if answered else self.away
        longest: float = min(most, self.first * 2 ** min(self._failures - 2, 16))
        return longest * random.uniform(0.7, 1.0)  # noqa: S311 - spreads reconnects, guards nothing


class Endurance:
    """Swallows what a full or failing journal raises, after a wait, and lets a lost connection through.

    Nothing was taken or told then, and the next round does the same work again.
    """

    def __init__(self, stop: Event, what: str) -> None:
        self._patience = Patience(lambda seconds: not stop.wait(seconds), what)

    @contextmanager
    def round(self) -> Iterator[None]:
        """One round of work of one thread."""
        try:
            yield
        except LinkError:
            raise
        except TransientError as error:
            self._patience.failed(error)
        else:
            self._patience.worked()
