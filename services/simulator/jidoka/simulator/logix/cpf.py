"""Common Packet Format: the two items in which SendRRData and SendUnitData carry a message (CIP volume 2, 2-6)."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from jidoka.simulator.logix.cursor import Cursor
from jidoka.simulator.logix.status import CipError, Status

NULL_ADDRESS = 0x0000
CONNECTED_ADDRESS = 0x00A1
CONNECTED_DATA = 0x00B1
UNCONNECTED_DATA = 0x00B2


@dataclass(frozen=True)
class Connected:
    """A message on a connection: its id, the sequence count, the Message Router request or reply."""

    connection: int
    sequence: int
    message: bytes


def parse_unconnected(data: bytes) -> bytes:
    """The Message Router request in a SendRRData. Raises CipError when the items are not those expected."""
    items = _items(data)
    if items[0][0] != NULL_ADDRESS or items[1][0] != UNCONNECTED_DATA:
        raise CipError(Status.INVALID_PARAMETER)
    return items[1][1]


def parse_connected(data: bytes) -> Connected:
    """The request in a SendUnitData. Raises CipError when the items are not those expected."""
    items = _items(data)
    if items[0][0] != CONNECTED_ADDRESS or items[1][0] != CONNECTED_DATA:
        raise CipError(Status.INVALID_PARAMETER)
    body = Cursor(items[1][1])
    return Connected(Cursor(items[0][1]).u32(), body.u16(), body.rest())


def encode_unconnected(message: bytes) -> bytes:
    """The data of a SendRRData reply."""
    return struct.pack("<IHHHHHH", 0, 0, 2, NULL_ADDRESS, 0, UNCONNECTED_DATA, len(message)) + message


def encode_connected(reply: Connected) -> bytes:
    """The data of a SendUnitData reply."""
    address = struct.pack("<IHHHHI", 0, 0, 2, CONNECTED_ADDRESS, 4, reply.connection)
    return address + struct.pack("<HHH", CONNECTED_DATA, len(reply.message) + 2, reply.sequence) + reply.message


def _items(data: bytes) -> list[tuple[int, bytes]]:
    cursor = Cursor(data)
    interface, _, count = cursor.fields("<IHH")
    if interface != 0 or not 2 <= count <= 4:
        raise CipError(Status.INVALID_PARAMETER)
    return [(cursor.u16(), cursor.take(cursor.u16())) for _ in range(count)]
