"""Message Router requests and replies (CIP volume 1, chapter 2), and what an object is told besides a request."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Protocol

from jidoka.simulator.logix.cursor import Cursor
from jidoka.simulator.logix.epath import Segment, parse
from jidoka.simulator.logix.services import REPLY
from jidoka.simulator.logix.status import Status


@dataclass(frozen=True)
class Request:
    """A service asked of the object at `path`, with the service's own data."""

    service: int
    path: tuple[Segment, ...]
    data: bytes
    raw_path: bytes = b""


@dataclass(frozen=True)
class Context:
    """Around a request: the largest reply allowed (bytes, header included), whether it is one of several, its owner."""

    limit: int
    nested: bool
    owner: object


@dataclass(frozen=True)
class Answer:
    """What an object returns when it does not raise CipError."""

    data: bytes = b""
    status: Status = Status.SUCCESS


class CipObject(Protocol):
    """An object that the router can pass requests to."""

    def handle(self, request: Request, context: Context, /) -> Answer:
        """Answer, or raise CipError."""
        ...


def parse_request(data: bytes) -> Request:
    """Split a request. Raises CipError when it is cut short or its path is not understood."""
    cursor = Cursor(data)
    service = cursor.u8()
    path = cursor.take(cursor.u8() * 2)
    return Request(service, parse(path), cursor.rest(), path)


def encode_reply(service: int, status: int, extended: tuple[int, ...] = (), data: bytes = b"") -> bytes:
    """A reply: service with the reply bit, a reserved byte, status, count and words of extended status, data."""
    words = struct.pack(f"<{len(extended)}H", *extended)
    return struct.pack("<BBBB", (service | REPLY) & 0xFF, 0, status, len(extended)) + words + data
