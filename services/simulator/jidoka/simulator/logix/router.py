"""The Message Router, class 0x02: sends each request to its object, and unpacks those that hold others.

Multiple_Service_Packet 0x0A holds several requests; Unconnected_Send 0x52 of class 0x06 wraps one with a route.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping

from jidoka.simulator.logix.address import SYMBOL_CLASS
from jidoka.simulator.logix.connection_manager import ConnectionManager
from jidoka.simulator.logix.counts import RequestCounts
from jidoka.simulator.logix.cursor import Cursor
from jidoka.simulator.logix.epath import Kind, parse
from jidoka.simulator.logix.memory import Memory
from jidoka.simulator.logix.messages import Answer, CipObject, Context, Request, encode_reply, parse_request
from jidoka.simulator.logix.reply_faults import ReplyFaults
from jidoka.simulator.logix.services import Service
from jidoka.simulator.logix.status import CipError, Status

ROUTER_CLASS = 0x02
MANAGER_CLASS = 0x06
SMALLEST_REPLY = 6
"""Bytes of an error reply with one extended word."""


class Router:
    """The way in for every request, connected or not."""

    def __init__(
        self,
        objects: Mapping[int, CipObject],
        manager: ConnectionManager,
        memory: Memory,
        faults: ReplyFaults,
        counts: RequestCounts,
    ) -> None:
        self._objects = objects
        self._manager = manager
        self._memory = memory
        self._faults = faults
        self._counts = counts

    def route(self, message: bytes, context: Context) -> bytes:
        """The encoded reply to one encoded request; never raises for what a client sent."""
        service = message[0] if message else 0
        try:
            request = parse_request(message)
            if _is_wrapped(request) and not context.nested:
                request = self._unwrap(request)
                service = request.service
            answer = self._answer(request, context)
        except CipError as error:
            return encode_reply(service, error.status, error.extended)
        return encode_reply(service, answer.status, (), answer.data)

    def _answer(self, request: Request, context: Context) -> Answer:
        self._counts.add(request.service)
        refusal = self._faults.refusal(request.service)
        if refusal is not None:
            raise CipError(refusal)
        target = _class_of(request)
        if target == ROUTER_CLASS and request.service == Service.MULTIPLE_SERVICE and not context.nested:
            return self._multiple(request.data, context)
        handler = self._objects.get(target)
        if handler is None:
            raise CipError(Status.PATH_UNKNOWN, 0)
        return self._memory.client_request(lambda: handler.handle(request, context))

    def _multiple(self, data: bytes, context: Context) -> Answer:
        cursor = Cursor(data)
        count = cursor.u16()
        if 6 + count * (2 + SMALLEST_REPLY) > context.limit:
            raise CipError(Status.REPLY_TOO_LARGE)
        starts = [cursor.u16() for _ in range(count)]
        if any(start < cursor.position or start >= len(data) for start in starts):
            raise CipError(Status.NOT_ENOUGH_DATA)
        room = context.limit - 4 - 2 - 2 * len(starts)
        replies = []
        for index, (start, end) in enumerate(zip(starts, [*starts[1:], len(data)], strict=True)):
            waiting = SMALLEST_REPLY * (len(starts) - index - 1)
            replies.append(self.route(data[start:end], Context(room - waiting, True, context.owner)))
            room -= len(replies[-1])
        return _pack(replies)

    def _unwrap(self, request: Request) -> Request:
        cursor = Cursor(request.data)
        cursor.take(2)  # priority and time-out
        length = cursor.u16()
        message = cursor.take(length)
        cursor.take(length % 2)
        route = cursor.take(cursor.fields("<Bx")[0] * 2)
        if self._manager.check_route(parse(route)):
            raise CipError(Status.PATH_SEGMENT, 0)
        return parse_request(message)


def _pack(replies: list[bytes]) -> Answer:
    offset = 2 + 2 * len(replies)
    offsets = []
    for reply in replies:
        offsets.append(offset)
        offset += len(reply)
    failed = any(reply[2] not in (Status.SUCCESS, Status.PARTIAL) for reply in replies)
    body = struct.pack(f"<H{len(replies)}H", len(replies), *offsets) + b"".join(replies)
    return Answer(body, Status.EMBEDDED_ERROR if failed else Status.SUCCESS)


def _is_wrapped(request: Request) -> bool:
    return request.service == Service.UNCONNECTED_SEND and _class_of(request) == MANAGER_CLASS


def _class_of(request: Request) -> int:
    first = request.path[0] if request.path else None
    return first.value if first and first.kind == Kind.CLASS else SYMBOL_CLASS
