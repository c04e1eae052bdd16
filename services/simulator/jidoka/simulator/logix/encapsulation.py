"""EtherNet/IP encapsulation: the 24-byte header around everything on TCP port 44818 (CIP volume 2, chapter 2)."""

from __future__ import annotations

import socket
import struct
from dataclasses import dataclass
from enum import IntEnum

from jidoka.simulator.logix.attributes import Identity

HEADER = struct.Struct("<HHII8sI")
PROTOCOL_VERSION = 1
EXPLICIT_OVER_TCP = 0x0020
OPERATIONAL = 3


class Command(IntEnum):
    """Commands that this controller knows."""

    NOP = 0x00
    LIST_SERVICES = 0x04
    LIST_IDENTITY = 0x63
    LIST_INTERFACES = 0x64
    REGISTER_SESSION = 0x65
    UNREGISTER_SESSION = 0x66
    SEND_RR_DATA = 0x6F
    SEND_UNIT_DATA = 0x70


class EncapsulationStatus(IntEnum):
    """Status of the header of a reply."""

    SUCCESS = 0x00
    INVALID_COMMAND = 0x01
    BAD_DATA = 0x03
    INVALID_SESSION = 0x64
    INVALID_LENGTH = 0x65
    UNSUPPORTED_VERSION = 0x69


@dataclass(frozen=True)
class Frame:
    """One encapsulated message. `context` is the sender's and is returned to it untouched."""

    command: int
    session: int
    status: int
    context: bytes
    data: bytes

    def encode(self) -> bytes:
        """Header and data."""
        return HEADER.pack(self.command, len(self.data), self.session, self.status, self.context, 0) + self.data


def list_identity(identity: Identity, address: tuple[str, int]) -> bytes:
    """The data of a ListIdentity reply: one item 0x0C, whose socket address is big-endian unlike all else."""
    where = struct.pack(">HH4s8x", socket.AF_INET, address[1], socket.inet_aton(address[0]))
    attributes = b"".join(identity.attributes().values())
    item = struct.pack("<H", PROTOCOL_VERSION) + where + attributes + bytes([OPERATIONAL])
    return struct.pack("<HHH", 1, 0x0C, len(item)) + item


def list_services() -> bytes:
    """The data of a ListServices reply: one service, CIP explicit messages over TCP."""
    item = struct.pack("<HH16s", PROTOCOL_VERSION, EXPLICIT_OVER_TCP, b"Communications")
    return struct.pack("<HHH", 1, 0x0100, len(item)) + item
