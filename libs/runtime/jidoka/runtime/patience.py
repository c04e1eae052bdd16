"""Waiting for what is away: back-off with jitter, one log line when an outage begins and one when it ends."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass

from jidoka.runtime.errors import TransientError
from jidoka.runtime.logs import log

FIRST_S = 0.5
LONGEST_S = 10.0


@dataclass(slots=True)
class Patience:
    """One outage at a time: `failed` waits, `worked` ends it. Used by one thread."""

    wait: Callable[[float], bool]
    what: str = ""
    _delay: float = FIRST_S
    _since: float | None = None

    def failed(self, error: TransientError) -> None:
        """Logs the begin of an outage and waits."""
        if self._since is None:
            self._since = time.monotonic()
            log.warning("waiting", what=self.what or None, reason=str(error))
        self.wait(self._delay * random.uniform(0.75, 1.25))  # noqa: S311 - jitter
        self._delay = min(self._delay * 2, LONGEST_S)

    def worked(self) -> None:
        """Logs the end of an outage, if there was one."""
        if self._since is not None:
            log.info("recovered", what=self.what or None, after_s=round(time.monotonic() - self._since, 3))
        self._since, self._delay = None, FIRST_S
