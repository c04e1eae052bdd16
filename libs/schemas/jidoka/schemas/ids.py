"""Identifiers: UUIDv7 for what is born here, UUIDv5 for what follows from other ids."""

import os
import time
from uuid import UUID, uuid5

_NAMESPACE = UUID("6f1c1d54-1f0a-5a55-9d0e-3b3f0c6f8a11")


def new_id() -> UUID:
    """A UUIDv7 (RFC 9562, 5.7): 48 bits of Unix milliseconds, then random bits."""
    value = (time.time_ns() // 1_000_000) << 80 | int.from_bytes(os.urandom(10), "big")
    value = value & ~(0xF << 76) | 0x7 << 76
    return UUID(int=value & ~(0x3 << 62) | 0x2 << 62)


def derived_id(*parts: object) -> UUID:
    """The same UUIDv5 for the same parts, on every host."""
    return uuid5(_NAMESPACE, "/".join(str(part) for part in parts))
