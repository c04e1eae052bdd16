"""Reading little-endian fields off a received frame without ever running past its end."""

from __future__ import annotations

import struct

from jidoka.simulator.logix.status import CipError, Status


class Cursor:
    """A position in bytes. Every read past the end raises CipError with status 0x13, not enough data."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.position = 0

    @property
    def left(self) -> int:
        """Bytes not read yet."""
        return len(self.data) - self.position

    def take(self, count: int) -> bytes:
        """The next `count` bytes."""
        start = self.position
        self.position = end = start + count
        if end > len(self.data):
            self.position = start
            raise CipError(Status.NOT_ENOUGH_DATA)
        return self.data[start:end]

    def rest(self) -> bytes:
        """All remaining bytes."""
        return self.take(self.left)

    def u8(self) -> int:
        """A USINT."""
        return self.take(1)[0]

    def u16(self) -> int:
        """A UINT."""
        return int.from_bytes(self.take(2), "little")

    def u32(self) -> int:
        """A UDINT."""
        return int.from_bytes(self.take(4), "little")

    def fields(self, format_: str) -> tuple[int, ...]:
        """Several fields by a `struct` format (with its byte order)."""
        return struct.unpack(format_, self.take(struct.calcsize(format_)))
