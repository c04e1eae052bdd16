"""Padded EPATHs: the address of an object or tag inside a request (CIP volume 1, appendix C)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache

from jidoka.simulator.logix.cursor import Cursor
from jidoka.simulator.logix.status import CipError, Status


class Kind(IntEnum):
    """What a segment names; the values of the logical ones are those of the segment byte, bits 2 to 4."""

    CLASS = 0x20
    INSTANCE = 0x24
    MEMBER = 0x28
    ATTRIBUTE = 0x30
    SYMBOL = 0x91
    PORT = 0x01


@dataclass(frozen=True)
class Segment:
    """One step of a path. `value` is the number of a logical segment or the port; `text` the symbol or link address."""

    kind: Kind
    value: int = 0
    text: bytes = b""


@lru_cache(maxsize=16384)
def parse(data: bytes) -> tuple[Segment, ...]:
    """Split a padded EPATH; remembered, as clients poll the same paths for months.

    Raises CipError 0x04 for a segment that is not understood, 0x13 when it is cut short.
    """
    cursor = Cursor(data)
    segments = []
    while cursor.left:
        first = cursor.u8()
        if first == Kind.SYMBOL:
            segments.append(_symbol(cursor))
        elif first >> 5 == 0b001:
            segments.append(_logical(first, cursor))
        elif first >> 5 == 0b000:
            segments.append(_port(first, cursor))
        else:
            raise CipError(Status.PATH_SEGMENT, 0)
    return tuple(segments)


def _symbol(cursor: Cursor) -> Segment:
    length = cursor.u8()
    text = cursor.take(length)
    if length % 2:
        cursor.u8()
    return Segment(Kind.SYMBOL, text=text)


def _logical(first: int, cursor: Cursor) -> Segment:
    width = first & 0b11
    if first & 0x1C == 0x14 and width == 0:
        cursor.take(9)  # an electronic key (0x34): format, vendor, type, code, revision; any is accepted
        return Segment(Kind.ATTRIBUTE)
    if first & 0xFC not in (Kind.CLASS, Kind.INSTANCE, Kind.MEMBER, Kind.ATTRIBUTE) or width == 3:
        raise CipError(Status.PATH_SEGMENT, 0)
    kind = Kind(first & 0xFC)
    if width == 0:
        return Segment(kind, cursor.u8())
    cursor.u8()
    return Segment(kind, cursor.u16() if width == 1 else cursor.u32())


def _port(first: int, cursor: Cursor) -> Segment:
    size = cursor.u8() if first & 0x10 else 1
    port = first & 0x0F
    if port == 0x0F:
        port = cursor.u16()
    address = cursor.take(size)
    if cursor.position % 2:
        cursor.u8()
    return Segment(Kind.PORT, port, address)
