"""Answers kept for a short time, keyed by everything they depend on."""

import asyncio
import hashlib
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, cast

from pydantic import BaseModel, ValidationError

from jidoka.api import __version__
from jidoka.api.shared import SharedStore

A = TypeVar("A", bound=BaseModel)
Key = tuple[object, ...]
_KEPT = 500


class AnswerCache:
    """In `shared` for all replicas, in this process while that is away. Who asks for the same waits for one answer."""

    def __init__(self, seconds: float, shared: SharedStore | None = None) -> None:
        self._seconds, self._shared = seconds, shared
        self._kept: OrderedDict[Key, tuple[float, Any]] = OrderedDict()
        self._locks: dict[Key, asyncio.Lock] = {}

    async def get(self, model: type[A], key: Key, compute: Callable[[], Awaitable[A]]) -> A:
        """The kept answer, or a new one; an error is not kept. `key` names every parameter and the role."""
        lock = self._locks.setdefault(key, asyncio.Lock())
        try:
            async with lock:
                answer = await self._find(model, key)
                if answer is None:
                    answer = await compute()
                    await self._keep(key, answer)
                return answer
        finally:
            if not lock.locked():
                self._locks.pop(key, None)

    async def _find(self, model: type[A], key: Key) -> A | None:
        kept = self._kept.get(key)
        if kept and time.monotonic() - kept[0] < self._seconds:
            return cast(A, kept[1])
        stored = await self._shared.get(_name(key)) if self._shared and self._seconds else None
        try:
            return model.model_validate_json(stored) if stored else None
        except ValidationError:
            return None

    async def _keep(self, key: Key, answer: BaseModel) -> None:
        if not self._seconds:
            return
        if self._shared and self._shared.error is None:
            # not here as well: one that another replica is about to replace would be shown for twice its time
            await self._shared.put(_name(key), answer.model_dump_json().encode(), self._seconds)
            return
        self._kept[key] = (time.monotonic(), answer)
        self._kept.move_to_end(key)
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)


def _name(key: Key) -> str:
    """Another release's answers have other fields: they are not ours."""
    return f"answer:{hashlib.sha256(f'{__version__} {key!r}'.encode()).hexdigest()}"
