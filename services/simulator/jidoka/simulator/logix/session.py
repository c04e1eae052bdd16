"""One client's EtherNet/IP session: encapsulation commands in, replies out. Does no I/O."""

from __future__ import annotations

from dataclasses import dataclass, replace

from jidoka.simulator.logix.attributes import Identity
from jidoka.simulator.logix.connection_manager import Connection, ConnectionManager
from jidoka.simulator.logix.cpf import (
    Connected,
    encode_connected,
    encode_unconnected,
    parse_connected,
    parse_unconnected,
)
from jidoka.simulator.logix.encapsulation import (
    PROTOCOL_VERSION,
    Command,
    EncapsulationStatus,
    Frame,
    list_identity,
    list_services,
)
from jidoka.simulator.logix.messages import Context, encode_reply
from jidoka.simulator.logix.router import Router
from jidoka.simulator.logix.status import CipError, Status

UNCONNECTED_LIMIT = 504
"""Bytes of a Message Router reply outside a connection."""


@dataclass(frozen=True)
class Outcome:
    """What to do after a frame. `service` is the CIP service of the request (what it wraps, for Unconnected_Send)."""

    reply: Frame | None = None
    service: int | None = None
    close: bool = False


class Session:
    """State of one TCP connection. `handle` is the session handle that registration gives out."""

    def __init__(
        self, handle: int, router: Router, manager: ConnectionManager, identity: Identity, address: tuple[str, int]
    ) -> None:
        self._handle = handle
        self._router = router
        self._manager = manager
        self._identity = identity
        self._address = address
        self._registered = False

    def handle(self, frame: Frame) -> Outcome:
        """Carry out one frame; a malformed one gets the encapsulation's error status."""
        match frame.command:
            case Command.NOP:
                outcome = Outcome()
            case Command.LIST_SERVICES:
                outcome = _reply(frame, list_services())
            case Command.LIST_IDENTITY:
                outcome = _reply(frame, list_identity(self._identity, self._address))
            case Command.LIST_INTERFACES:
                outcome = _reply(frame, b"\0\0")
            case Command.REGISTER_SESSION:
                outcome = self._register(frame)
            case Command.UNREGISTER_SESSION:
                outcome = Outcome(close=True)
            case Command.SEND_RR_DATA | Command.SEND_UNIT_DATA:
                outcome = self._send(frame)
            case _:
                outcome = _refuse(frame, EncapsulationStatus.INVALID_COMMAND)
        return outcome

    def end(self) -> None:
        """Drop the connections that this client opened."""
        self._manager.drop(self)

    def _register(self, frame: Frame) -> Outcome:
        if len(frame.data) != 4:
            return _refuse(frame, EncapsulationStatus.INVALID_LENGTH)
        if int.from_bytes(frame.data[:2], "little") != PROTOCOL_VERSION:
            return _refuse(frame, EncapsulationStatus.UNSUPPORTED_VERSION)
        if self._registered:
            return _refuse(frame, EncapsulationStatus.INVALID_COMMAND)
        self._registered = True
        return _reply(replace(frame, session=self._handle), frame.data)

    def _send(self, frame: Frame) -> Outcome:
        if not self._registered or frame.session != self._handle:
            return _refuse(frame, EncapsulationStatus.INVALID_SESSION)
        try:
            if frame.command == Command.SEND_RR_DATA:
                return self._unconnected(frame, parse_unconnected(frame.data))
            return self._connected(frame, parse_connected(frame.data))
        except CipError:
            return _refuse(frame, EncapsulationStatus.BAD_DATA)

    def _unconnected(self, frame: Frame, message: bytes) -> Outcome:
        reply = self._router.route(message, Context(UNCONNECTED_LIMIT, False, self))
        return _reply(frame, encode_unconnected(reply), _service_of(reply))

    def _connected(self, frame: Frame, sent: Connected) -> Outcome:
        connection = self._manager.find(sent.connection, self)
        if connection is None:
            return Outcome()
        # A class 3 target answers a repeated sequence count with the reply it gave, and does nothing again.
        if sent.sequence != connection.last_sequence:
            connection.last_reply = self._execute(connection, sent.message)
            connection.last_sequence = sent.sequence
        reply = Connected(connection.to_originator, sent.sequence, connection.last_reply)
        return _reply(frame, encode_connected(reply), _service_of(connection.last_reply))

    def _execute(self, connection: Connection, message: bytes) -> bytes:
        if len(message) + 2 > connection.request_size:
            return encode_reply(message[0], Status.TOO_MUCH_DATA)
        return self._router.route(message, Context(connection.reply_size - 2, False, self))


def _service_of(reply: bytes) -> int:
    return reply[0] & 0x7F


def _reply(frame: Frame, data: bytes, service: int | None = None) -> Outcome:
    return Outcome(replace(frame, status=EncapsulationStatus.SUCCESS, data=data), service)


def _refuse(frame: Frame, status: EncapsulationStatus) -> Outcome:
    return Outcome(replace(frame, status=status, data=b""))
