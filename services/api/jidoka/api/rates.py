"""How often one may ask: in any window of the limit's length, wherever the clock's minutes begin."""

import math
import re
import time

from limits import RateLimitItem, parse
from limits.aio.storage import MemoryStorage, Storage
from limits.aio.strategies import MovingWindowRateLimiter

from jidoka.api.metrics import REFUSED
from jidoka.api.problems import Problem
from jidoka.api.shared import SharedStore
from jidoka.runtime.errors import ConfigError


class RateLimit:
    """One limit, counted per identity: by all replicas together in `shared`, in this process while that is away."""

    def __init__(self, name: str, text: str, shared: SharedStore | None = None) -> None:
        self._name, self._item, self._shared = name, _parse(name, text), shared
        self._own = _limiter(MemoryStorage())
        self._common = _limiter(shared.counts) if shared else None

    async def count(self, *identity: str) -> None:
        """Counts one request. Raises Problem 429 with Retry-After when there were too many."""
        wait = None
        if self._shared and self._common:
            common = self._common
            wait = await self._shared.use(lambda: self._hit(common, identity))
        if wait is None:
            wait = await self._hit(self._own, identity)
        if wait:
            REFUSED.labels("login" if "login" in self._name.lower() else "rate").inc()
            raise Problem(429, f"too many requests, more than {self._item}", {"Retry-After": str(wait)})

    async def _hit(self, limiter: MovingWindowRateLimiter, identity: tuple[str, ...]) -> int:
        """Seconds to wait; 0 when the request may go on."""
        if await limiter.hit(self._item, self._name, *identity):
            return 0
        window = await limiter.get_window_stats(self._item, self._name, *identity)
        return max(1, math.ceil(window.reset_time - time.time()))


def _limiter(storage: Storage) -> MovingWindowRateLimiter:
    return MovingWindowRateLimiter(storage)


def _parse(name: str, text: str) -> RateLimitItem:
    try:
        return parse(f"{text}/minute" if re.fullmatch(r"\d+", text) else text)
    except ValueError as error:
        raise ConfigError(f"{name}={text!r} is not a limit such as 1200/minute") from error
