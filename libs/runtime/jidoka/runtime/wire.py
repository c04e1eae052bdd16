"""The two halves of a PUBLISH packet that paho is slow at: reading one, and packing its properties (MQTT 5.0, 3.3).

paho 2.2 takes some 200 us for the properties of one record and copies the payload for each of them, which is
milliseconds for a frame.
"""

import struct
from dataclasses import dataclass
from typing import NamedTuple

from jidoka.runtime.link import Outgoing
from jidoka.schemas import Packet

EXPIRY, CONTENT_TYPE, SUBSCRIPTION, USER = 2, 3, 11, 38
_FIXED = {1: 1, EXPIRY: 4, 35: 2}  # bytes of: payload format, message expiry, topic alias
_COUNTED = {8, 9}  # response topic, correlation data


@dataclass(frozen=True, slots=True)
class Publish:
    """A PUBLISH that came. `subscriptions` are the identifiers of the subscriptions that it came by."""

    packet: Packet
    qos: int
    mid: int
    dup: bool
    retain: bool
    subscriptions: tuple[int, ...]


class _Properties(NamedTuple):
    content_type: str | None = None
    users: tuple[tuple[str, str], ...] = ()
    subscriptions: tuple[int, ...] = ()


def read_publish(header: int, body: bytes) -> Publish:
    """Reads what follows the fixed header. Properties that cannot be read count as absent: the payload still arrives.

    Raises ValueError when not even topic, packet id and payload can be told apart.
    """
    try:
        qos = (header & 0x06) >> 1
        topic, at = _text(body, 0)
        mid, at = (struct.unpack_from("!H", body, at)[0], at + 2) if qos else (0, at)
        length, at = _number(body, at)
        end = at + length
        if end > len(body):
            raise ValueError("the properties are longer than the packet")
    except (IndexError, struct.error) as error:
        raise ValueError(f"malformed PUBLISH: {error}") from error
    try:
        properties = _read_properties(body, at, end)
    except (ValueError, IndexError, struct.error):
        properties = _Properties()
    packet = Packet(topic, body[end:], properties.content_type, properties.users)
    return Publish(packet, qos, mid, bool(header & 0x08), bool(header & 0x01), properties.subscriptions)


def publish_properties(outgoing: Outgoing) -> bytes:
    """The properties of a PUBLISH or of a last will, with their length before them."""
    parts = []
    if outgoing.expiry is not None:
        parts.append(struct.pack("!BI", EXPIRY, outgoing.expiry))
    if outgoing.packet.content_type:
        parts += [bytes((CONTENT_TYPE,)), _pack_text(outgoing.packet.content_type)]
    for name, value in outgoing.packet.properties:
        parts += [bytes((USER,)), _pack_text(name), _pack_text(value)]
    packed = b"".join(parts)
    return _pack_number(len(packed)) + packed


def _read_properties(body: bytes, at: int, end: int) -> _Properties:
    content_type: str | None = None
    users: list[tuple[str, str]] = []
    subscriptions: list[int] = []
    while at < end:
        kind, at = _number(body, at)
        if kind == USER:
            name, at = _text(body, at)
            value, at = _text(body, at)
            users.append((name, value))
        elif kind == CONTENT_TYPE:
            content_type, at = _text(body, at)
        elif kind == SUBSCRIPTION:
            number, at = _number(body, at)
            subscriptions.append(number)
        elif kind in _FIXED:
            at += _FIXED[kind]
        elif kind in _COUNTED:
            at += 2 + struct.unpack_from("!H", body, at)[0]
        else:
            raise ValueError(f"property {kind} is not one of a PUBLISH")
    return _Properties(content_type, tuple(users), tuple(subscriptions))


def _text(body: bytes, at: int) -> tuple[str, int]:
    length = struct.unpack_from("!H", body, at)[0]
    end = at + 2 + length
    if end > len(body):
        raise ValueError("a text is longer than the packet")
    return body[at + 2 : end].decode(), end


def _number(body: bytes, at: int) -> tuple[int, int]:
    value = 0
    for index in range(4):
        digit = body[at + index]
        value |= (digit & 0x7F) << (7 * index)
        if digit < 0x80:
            return value, at + index + 1
    raise ValueError("a number is longer than four bytes")


def _pack_text(text: str) -> bytes:
    encoded = text.encode()
    return struct.pack("!H", len(encoded)) + encoded


def _pack_number(value: int) -> bytes:
    packed = bytearray()
    while value > 0x7F:
        packed.append(value & 0x7F | 0x80)
        value >>= 7
    packed.append(value)
    return bytes(packed)
