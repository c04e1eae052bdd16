"""Redis: what the replicas share. While it is away each replica goes on alone."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from limits.aio.storage import RedisStorage
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from jidoka.api.metrics import SHARED
from jidoka.runtime.logs import log

T = TypeVar("T")
PROBE_S = 1.0
ANSWER_S = 0.25
CONNECTIONS = 8
FAILURES = (RedisError, OSError, TimeoutError)


class SharedStore:
    """One Redis for all replicas of a line's API. `error` says why it is not used now, or is None.

    After one failure nobody waits for it again until a probe finds it well.
    """

    def __init__(self, url: str, prefix: str) -> None:
        self.error: str | None = "not connected yet"
        self._prefix = prefix
        # a request that finds it dead must not wait through the client's own retries
        self._pool = BlockingConnectionPool.from_url(
            url, max_connections=CONNECTIONS, timeout=ANSWER_S, socket_timeout=ANSWER_S,
            socket_connect_timeout=ANSWER_S, retry=Retry(NoBackoff(), 0),
        )  # fmt: skip
        self._redis = Redis(connection_pool=self._pool)
        options: dict[str, Any] = {"connection_pool": self._pool}
        self.counts = RedisStorage(url, implementation="redispy", key_prefix=f"{prefix}:rate", **options)

    async def use(self, work: Callable[[], Awaitable[T]]) -> T | None:
        """What the work gives; None while Redis is away or when it fails at that."""
        if self.error is not None:
            return None
        try:
            return await work()
        except FAILURES as error:
            self._note(f"Redis does not answer: {type(error).__name__}")
            return None

    async def get(self, name: str) -> bytes | None:
        """A kept value; None when there is none, or while Redis is away."""
        found = await self.use(lambda: self._redis.get(f"{self._prefix}:{name}"))
        return found if isinstance(found, bytes) else None

    async def put(self, name: str, value: bytes, seconds: float) -> None:
        """Keeps a value for a time, if Redis is there."""
        await self.use(lambda: self._redis.set(f"{self._prefix}:{name}", value, px=max(1, int(seconds * 1000))))

    async def run(self, told: Callable[[str | None], Awaitable[None]]) -> None:
        """Keeps `error` current until cancelled; `told` hears it after each probe."""
        try:
            while True:
                await self._probe()
                await told(self.error)
                await asyncio.sleep(PROBE_S)
        finally:
            await self._pool.disconnect()

    async def _probe(self) -> None:
        try:
            async with asyncio.timeout(ANSWER_S * 4):
                await self._redis.ping()
        except FAILURES as error:
            self._note(f"Redis does not answer: {type(error).__name__}")
        else:
            self._note(None)

    def _note(self, error: str | None) -> None:
        if (error is None) != (self.error is None):
            log.info("redis_answers" if error is None else "redis_away", error=error)
        self.error = error
        SHARED.set(error is None)
