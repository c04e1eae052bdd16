"""The Connection Manager, class 0x06: Forward_Open 0x54, Large_Forward_Open 0x5B, Forward_Close 0x4E.

(Unconnected_Send 0x52 is unwrapped by the router.) Class 3 point-to-point connections to the Message Router only.
"""

from __future__ import annotations

import struct
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count

from jidoka.simulator.logix.cursor import Cursor
from jidoka.simulator.logix.epath import Kind, Segment, parse
from jidoka.simulator.logix.messages import Answer, Context, Request
from jidoka.simulator.logix.services import Service
from jidoka.simulator.logix.status import CipError, Extended, Status

BACKPLANE = 1
SMALL_MASK = 0x01FF
LARGE_MASK = 0xFFFF
LARGEST = 4002
SMALLEST = 16
CLASS_3 = 3
MESSAGE_ROUTER = (Segment(Kind.CLASS, 2), Segment(Kind.INSTANCE, 1))
Triple = tuple[int, int, int]


@dataclass(eq=False)
class Connection:
    """An open class 3 connection. Sizes are in bytes and include the two of the sequence count.

    `triple` is the originator's connection serial number, vendor and serial number; `timeout` in seconds.
    """

    to_target: int
    to_originator: int
    triple: Triple
    request_size: int
    reply_size: int
    timeout: float
    owner: object
    last_used: float
    last_sequence: int | None = None
    last_reply: bytes = b""


@dataclass(frozen=True)
class OpenRequest:
    """The fixed fields of a Forward_Open that matter here."""

    to_originator: int
    triple: Triple
    multiplier: int
    to_target_rpi: int
    to_target_size: int
    to_originator_rpi: int
    to_originator_size: int
    transport: int
    path: tuple[Segment, ...]


@dataclass
class ConnectionManager:
    """The open connections of one controller. `clock` is monotonic, in seconds."""

    slot: int
    clock: Callable[[], float] = time.monotonic
    connections: dict[int, Connection] = field(default_factory=dict)
    ids: count[int] = field(default_factory=lambda: count(0x20010001))

    def handle(self, request: Request, context: Context) -> Answer:
        """Open or close a connection."""
        if request.service in (Service.FORWARD_OPEN, Service.LARGE_FORWARD_OPEN):
            return self._open(parse_open(request), context)
        if request.service == Service.FORWARD_CLOSE:
            return self._close(request)
        raise CipError(Status.UNSUPPORTED_SERVICE)

    def find(self, identifier: int, owner: object) -> Connection | None:
        """The live connection of that id, if `owner` opened it; it counts as used now."""
        self._expire()
        connection = self.connections.get(identifier)
        if connection is None or connection.owner is not owner:
            return None
        connection.last_used = self.clock()
        return connection

    def drop(self, owner: object) -> None:
        """Forget all connections of an owner: they end with its TCP session."""
        self.connections = {key: kept for key, kept in self.connections.items() if kept.owner is not owner}

    def check_route(self, path: tuple[Segment, ...]) -> tuple[Segment, ...]:
        """The path behind the port segment, which must lead to this controller. Raises CipError as a chassis would."""
        if path and path[0].kind == Kind.PORT:
            if path[0].value != BACKPLANE:
                raise CipError(Status.CONNECTION_FAILURE, Extended.PORT_UNKNOWN)
            if path[0].text != bytes([self.slot]):
                raise CipError(Status.CONNECTION_FAILURE, Extended.LINK_ADDRESS)
            path = path[1:]
        return path

    def _expire(self) -> None:
        now = self.clock()
        dead = [key for key, kept in self.connections.items() if now - kept.last_used > kept.timeout]
        for key in dead:
            del self.connections[key]

    def _open(self, asked: OpenRequest, context: Context) -> Answer:
        self._expire()
        if asked.transport & 0x0F != CLASS_3:
            raise CipError(Status.CONNECTION_FAILURE, Extended.TRANSPORT_NOT_SUPPORTED)
        if not all(SMALLEST <= size <= LARGEST for size in (asked.to_target_size, asked.to_originator_size)):
            raise CipError(Status.CONNECTION_FAILURE, Extended.CONNECTION_SIZE)
        if any(kept.triple == asked.triple for kept in self.connections.values()):
            raise CipError(Status.CONNECTION_FAILURE, Extended.DUPLICATE_CONNECTION)
        target = tuple(segment for segment in self.check_route(asked.path) if segment.kind != Kind.ATTRIBUTE)
        if target != MESSAGE_ROUTER:
            raise CipError(Status.CONNECTION_FAILURE, Extended.PATH_INVALID)
        identifier = next(self.ids)
        timeout = max(asked.to_target_rpi, 1) / 1e6 * (4 << min(asked.multiplier, 7))
        self.connections[identifier] = Connection(
            identifier, asked.to_originator, asked.triple, asked.to_target_size, asked.to_originator_size,
            timeout, context.owner, self.clock(),
        )  # fmt: skip
        return Answer(
            struct.pack("<IIHHIII", identifier, asked.to_originator, *asked.triple,
                        asked.to_target_rpi, asked.to_originator_rpi) + b"\0\0"
        )  # fmt: skip

    def _close(self, request: Request) -> Answer:
        cursor = Cursor(request.data)
        _, _, serial, vendor, originator = cursor.fields("<BBHHI")
        triple = (serial, vendor, originator)
        for key, kept in self.connections.items():
            if kept.triple == triple:
                del self.connections[key]
                return Answer(struct.pack("<HHI", *triple) + b"\0\0")
        raise CipError(Status.CONNECTION_FAILURE, Extended.CONNECTION_NOT_FOUND)


def parse_open(request: Request) -> OpenRequest:
    """Read the fields of either Forward_Open; the large one has 32-bit connection parameters, 16 of them the size."""
    large = request.service == Service.LARGE_FORWARD_OPEN
    cursor = Cursor(request.data)
    _, _, _, to_originator, serial, vendor, originator, multiplier = cursor.fields("<BBIIHHIB3x")
    mask = LARGE_MASK if large else SMALL_MASK
    to_target_rpi, to_target, to_originator_rpi, parameters, transport = cursor.fields("<IIIIB" if large else "<IHIHB")
    path = parse(cursor.take(cursor.u8() * 2))
    return OpenRequest(
        to_originator, (serial, vendor, originator), multiplier,
        to_target_rpi, to_target & mask, to_originator_rpi, parameters & mask, transport, path,
    )  # fmt: skip
