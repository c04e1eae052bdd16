"""Password hashes; only a few are computed at once, since each takes 64 MiB and a fifth of a second."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from jidoka.api.problems import Unavailable

T = TypeVar("T")
AT_ONCE = 2
WAITING = 20


class Passwords:
    """Argon2id with the library's defaults."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher()
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._waiting = 0
        self._nobody = self._hasher.hash("nobody has this password")

    async def hash(self, password: str) -> str:
        """A new hash."""
        return await self._bounded(self._hasher.hash, password)

    async def matches(self, hashed: str | None, password: str) -> bool:
        """Whether the password is the one; without a hash it takes as long and is False."""
        right = await self._bounded(self._verify, hashed or self._nobody, password)
        return right and hashed is not None

    def outdated(self, hashed: str) -> bool:
        """Whether the hash was made with other parameters than now."""
        return self._hasher.check_needs_rehash(hashed)

    def _verify(self, hashed: str, password: str) -> bool:
        try:
            return self._hasher.verify(hashed, password)
        except (VerificationError, InvalidHashError):
            return False

    async def _bounded(self, work: Callable[..., T], *arguments: str) -> T:
        if self._waiting >= WAITING:
            raise Unavailable("too many log-ins at once", 5)
        self._waiting += 1
        try:
            async with self._slots:
                return await asyncio.to_thread(work, *arguments)
        finally:
            self._waiting -= 1
