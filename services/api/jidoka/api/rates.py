"""How often one may ask."""

import math
import re
import time

from limits import RateLimitItem, parse
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter

from jidoka.api.metrics import REFUSED
from jidoka.api.problems import Problem
from jidoka.runtime.errors import ConfigError


class RateLimit:
    """One limit, counted per identity in this process."""

    def __init__(self, name: str, text: str) -> None:
        self._name, self._item = name, _parse(name, text)
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())

    async def count(self, *identity: str) -> None:
        """Counts one request. Raises Problem 429 with Retry-After when there were too many."""
        if await self._limiter.hit(self._item, *identity):
            return
        window = await self._limiter.get_window_stats(self._item, *identity)
        wait = max(1, math.ceil(window.reset_time - time.time()))
        REFUSED.labels("login" if "login" in self._name.lower() else "rate").inc()
        raise Problem(429, f"too many requests, more than {self._item}", {"Retry-After": str(wait)})


def _parse(name: str, text: str) -> RateLimitItem:
    try:
        return parse(f"{text}/minute" if re.fullmatch(r"\d+", text) else text)
    except ValueError as error:
        raise ConfigError(f"{name}={text!r} is not a limit such as 1200/minute") from error
