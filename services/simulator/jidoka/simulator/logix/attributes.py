"""Objects that are nothing but attributes: Identity (class 0x01), program name (0x64) and wall clock (0x8B).

Services: Get_Attributes_All 0x01, Get_Attribute_List 0x03, Set_Attribute_List 0x04 (clock), Get_Attribute_Single 0x0E.
"""

from __future__ import annotations

import struct
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum

from jidoka.simulator.logix.cursor import Cursor
from jidoka.simulator.logix.epath import Kind
from jidoka.simulator.logix.messages import Answer, Context, Request
from jidoka.simulator.logix.services import Service
from jidoka.simulator.logix.status import CipError, Status

CLOCK_TIME = 6
CLOCK_DAYLIGHT = 10
CLOCK_LOCAL_TIME = 11


class Mode(IntEnum):
    """Status words of the identity: key in REMOTE; bits 4-7 say run (6), program (7) or major fault (5), bit 10 too."""

    RUN = 0x3060
    PROGRAM = 0x3070
    FAULTED = 0x3450


@dataclass
class Identity:
    """What a controller says it is; the serial number is made up, `status` is one of Mode."""

    product: str
    revision: tuple[int, int]
    vendor: int = 1
    device_type: int = 14
    product_code: int = 166
    status: int = Mode.RUN
    serial: int = 0x51D0CA01

    def attributes(self) -> dict[int, bytes]:
        """Instance attributes 1 to 7, encoded."""
        name = self.product.encode("ascii")
        return {
            1: struct.pack("<H", self.vendor),
            2: struct.pack("<H", self.device_type),
            3: struct.pack("<H", self.product_code),
            4: bytes(self.revision),
            5: struct.pack("<H", self.status),
            6: struct.pack("<I", self.serial),
            7: bytes([len(name)]) + name,
        }


class AttributeObject:
    """One instance (1) with attributes that are read only, from a function so that they may change."""

    def __init__(self, attributes: Callable[[], Mapping[int, bytes]]) -> None:
        self._attributes = attributes

    def handle(self, request: Request, _context: Context, /) -> Answer:
        """Answer the three Get services."""
        if request.path[1:2] and (request.path[1].kind, request.path[1].value) != (Kind.INSTANCE, 1):
            raise CipError(Status.PATH_UNKNOWN, 0)
        if request.service == Service.GET_ATTRIBUTES_ALL:
            return Answer(b"".join(self._attributes().values()))
        if request.service == Service.GET_ATTRIBUTE_SINGLE:
            return Answer(self._single(request))
        if request.service == Service.GET_ATTRIBUTE_LIST:
            return Answer(attribute_list(request.data, self._attributes()))
        raise CipError(Status.UNSUPPORTED_SERVICE)

    def _single(self, request: Request) -> bytes:
        wanted = next((segment.value for segment in request.path if segment.kind == Kind.ATTRIBUTE), 0)
        try:
            return self._attributes()[wanted]
        except KeyError:
            raise CipError(Status.UNSUPPORTED_ATTRIBUTE) from None


def attribute_list(data: bytes, attributes: Mapping[int, bytes]) -> bytes:
    """The body of a Get_Attribute_List reply: count, then number, status and value of each."""
    cursor = Cursor(data)
    wanted = [cursor.u16() for _ in range(cursor.u16())]
    parts = [struct.pack("<H", len(wanted))]
    for number in wanted:
        value = attributes.get(number)
        status = Status.SUCCESS if value is not None else Status.UNSUPPORTED_ATTRIBUTE
        parts.append(struct.pack("<HH", number, status) + (value or b""))
    return b"".join(parts)


class WallClock(AttributeObject):
    """The controller's clock in microseconds since 1970; setting it moves this object only, not the host's clock."""

    def __init__(self) -> None:
        super().__init__(self._now)
        self._shift = 0

    def handle(self, request: Request, context: Context, /) -> Answer:
        """Answer the Get services, and Set_Attribute_List for the time."""
        if request.service != Service.SET_ATTRIBUTE_LIST:
            return super().handle(request, context)
        cursor = Cursor(request.data)
        count = cursor.u16()
        parts = [struct.pack("<H", count)]
        for _ in range(count):
            number = cursor.u16()
            if number in (CLOCK_TIME, CLOCK_LOCAL_TIME):
                self._shift = int.from_bytes(cursor.take(8), "little") - _microseconds()
            elif number == CLOCK_DAYLIGHT:
                cursor.take(1)  # accepted and ignored: both times here are UTC
            else:
                raise CipError(Status.UNSUPPORTED_ATTRIBUTE)
            parts.append(struct.pack("<HH", number, Status.SUCCESS))
        return Answer(b"".join(parts))

    def _now(self) -> Mapping[int, bytes]:
        now = struct.pack("<Q", (_microseconds() + self._shift) % 2**64)
        return {CLOCK_TIME: now, CLOCK_LOCAL_TIME: now}


def _microseconds() -> int:
    return time.time_ns() // 1000
