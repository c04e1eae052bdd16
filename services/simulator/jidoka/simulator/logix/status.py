"""CIP general status codes, the extended codes this controller uses, and the exception that carries them.

Values: Rockwell publication 1756-PM020 (tag services) and the CIP specification, volume 1 (connection manager).
"""

from __future__ import annotations

from enum import IntEnum


class Status(IntEnum):
    """General status of a CIP reply."""

    SUCCESS = 0x00
    CONNECTION_FAILURE = 0x01
    PATH_SEGMENT = 0x04
    PATH_UNKNOWN = 0x05
    PARTIAL = 0x06
    UNSUPPORTED_SERVICE = 0x08
    PRIVILEGE_VIOLATION = 0x0F
    REPLY_TOO_LARGE = 0x11
    NOT_ENOUGH_DATA = 0x13
    UNSUPPORTED_ATTRIBUTE = 0x14
    TOO_MUCH_DATA = 0x15
    EMBEDDED_ERROR = 0x1E
    INVALID_PARAMETER = 0x20
    EXTENDED = 0xFF


class Extended(IntEnum):
    """Extended status words, with the general status they belong to."""

    DUPLICATE_CONNECTION = 0x0100  # 0x01
    TRANSPORT_NOT_SUPPORTED = 0x0103  # 0x01
    CONNECTION_NOT_FOUND = 0x0107  # 0x01
    CONNECTION_SIZE = 0x0109  # 0x01
    PORT_UNKNOWN = 0x0311  # 0x01
    LINK_ADDRESS = 0x0312  # 0x01
    PATH_INVALID = 0x0315  # 0x01
    BEYOND_END = 0x2105  # 0xFF
    TYPE_MISMATCH = 0x2107  # 0xFF


class CipError(Exception):
    """A request that gets an error reply: general status and extended words."""

    def __init__(self, status: int, *extended: int) -> None:
        super().__init__(f"status {status:#04x} {[hex(word) for word in extended]}")
        self.status = status
        self.extended = extended
