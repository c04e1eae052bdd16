"""An MQTT 5 publisher over a plain socket: ready packets go out at QoS 1 and take next to nothing of the machine."""

import select
import socket
import struct
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from jidoka.runtime.link import Outgoing
from jidoka.runtime.wire import publish_properties

CONNECT, CONNACK, PUBLISH_QOS_1, PUBACK = 0x10, 0x20, 0x32, 0x40
MQTT_5, CLEAN_START, KEEPALIVE_S = 5, 0x02, 600
IN_FLIGHT, AT_ONCE = 1000, 20
BLOCK = 2**16


class Publisher:
    """One connection. Raises OSError when the broker refuses or goes away."""

    def __init__(self, port: int, client_id: str) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self._rest = b""
        head = _text("MQTT") + struct.pack("!BBHB", MQTT_5, CLEAN_START, KEEPALIVE_S, 0)
        self._socket.sendall(_packet(CONNECT, head + _text(client_id)))
        while not self._answers(CONNACK):
            pass

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._socket.close()

    def publish(self, packets: Sequence[bytes]) -> None:
        """Sends all of them, at most IN_FLIGHT unanswered; returns when the broker has answered all."""
        sent = answered = 0
        while answered < len(packets):
            while sent < len(packets) and sent - answered <= IN_FLIGHT - AT_ONCE and not self._heard():
                some = packets[sent : sent + AT_ONCE]
                self._socket.sendall(b"".join(some))
                sent += len(some)
            answered += self._answers(PUBACK)

    def _heard(self) -> bool:
        return bool(select.select([self._socket], [], [], 0)[0])

    def _answers(self, kind: int) -> int:
        """Reads what came, and counts the packets of a kind."""
        came = self._socket.recv(BLOCK)
        if not came:
            raise OSError("the broker closed the connection")
        data, at, count = self._rest + came, 0, 0
        while at + 2 <= len(data) and at + 2 + data[at + 1] <= len(data):  # what the broker sends here is short
            count += data[at] & 0xF0 == kind
            at += 2 + data[at + 1]
        self._rest = data[at:]
        return count


def packet_of(outgoing: Outgoing, mid: int) -> bytes:
    """The PUBLISH at QoS 1 of a message; `mid` is its packet id, 1 to 65,535."""
    body = _text(outgoing.packet.topic) + struct.pack("!H", mid) + publish_properties(outgoing)
    return _packet(PUBLISH_QOS_1, body + outgoing.packet.payload)


def _packet(kind: int, body: bytes) -> bytes:
    length, left = bytearray(), len(body)
    while True:
        left, digit = divmod(left, 128)
        length.append(digit | (0x80 if left else 0))
        if not left:
            return bytes((kind, *length)) + body


def _text(text: str) -> bytes:
    return struct.pack("!H", len(text)) + text.encode()
