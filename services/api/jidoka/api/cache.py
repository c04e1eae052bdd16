"""Answers kept for a short time, keyed by everything they depend on."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from typing import Any, TypeVar, cast

T = TypeVar("T")
_KEPT = 500


class AnswerCache:
    """In this process. Requests for the same answer wait for one computation of it."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._kept: OrderedDict[Hashable, tuple[float, Any]] = OrderedDict()
        self._locks: dict[Hashable, asyncio.Lock] = {}

    async def get(self, key: Hashable, compute: Callable[[], Awaitable[T]]) -> T:
        """The kept answer, or a new one; an error is not kept."""
        lock = self._locks.setdefault(key, asyncio.Lock())
        try:
            async with lock:
                kept = self._kept.get(key)
                if kept and time.monotonic() - kept[0] < self._seconds:
                    return cast(T, kept[1])
                answer = await compute()
                self._kept[key] = (time.monotonic(), answer)
                self._kept.move_to_end(key)
                while len(self._kept) > _KEPT:
                    self._kept.popitem(last=False)
                return answer
        finally:
            if not lock.locked():
                self._locks.pop(key, None)
