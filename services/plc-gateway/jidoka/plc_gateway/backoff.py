"""How long to wait before the next connection: at once, then longer, never above a ceiling."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass

_STABLE = 5.0


@dataclass(slots=True)
class Backoff:
    """Delays in seconds; a connection that lived for 5 s starts the row anew.

    A controller's network card takes harm from endless opening and closing, so one that connects and fails at once is
    not tried at once again.
    """

    first: float = 0.25
    ceiling: float = 5.0
    clock: Callable[[], float] = time.monotonic
    _failures: int = 0
    _connected: float | None = None

    def connected(self) -> None:
        """A connection was made."""
        self._connected = self.clock()

    def delay(self) -> float:
        """How long to wait after a failure, with jitter downwards."""
        if self._connected is not None and self.clock() - self._connected >= _STABLE:
            self._failures = 0
        self._connected = None
        self._failures += 1
        if self._failures == 1:
            return 0.0
        longest: float = min(self.ceiling, self.first * 2 ** min(self._failures - 2, 16))
        return longest * random.uniform(0.7, 1.0)  # noqa: S311 - spreads reconnects, guards nothing
