"""Whatever bytes arrive, the server answers an error or closes that connection, and goes on serving others."""

import random
import socket
import struct
import threading
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jidoka.simulator.logix import Server
from jidoka.simulator.logix.epath import parse
from jidoka.simulator.logix.status import CipError

Dial = Callable[[Server], Any]
READ = b"\x4c\x05\x91\x07OneDINT\x00\x01\x00"
SEEDS = [
    READ,
    b"\x4d\x05\x91\x07OneDINT\x00\xc4\x00\x01\x00\x07\0\0\0",
    b"\x4e\x05\x91\x07OneDINT\x00\x04\x00\x01\0\0\0\xff\xff\xff\xff",
    b"\x52\x03\x91\x04Many\x88\x13\x00\x04\0\0",
    b"\x53\x03\x91\x04Many\xc4\0\x88\x13\x10\0\0\0\x01\0\0\0",
    b"\x55\x02\x20\x6b\x24\x00\x02\0\x01\0\x02\0",
    b"\x03\x03\x20\x6c\x25\0\0\x01\x04\0\x04\0\x05\0\x02\0\x01\0",
    b"\x4c\x03\x20\x6c\x25\0\0\x01\0\0\0\0\xff\0",
    b"\x0a\x02\x20\x02\x24\x01\x02\0\x06\0\x14\0" + READ + READ,
    b"\x52\x02\x20\x06\x24\x01\x0a\x05\x0e\0" + READ + b"\x01\0\x01\0",
    b"\x54\x02\x20\x06\x24\x01" + bytes(36) + b"\x03\x01\0\x20\x02\x24\x01",
    b"\x04\x02\x20\x8b\x24\x01\x01\0\x06\0" + bytes(8),
    b"\x01\x02\x20\x01\x24\x01",
]
GENTLE = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], database=None
)


@GENTLE
@given(st.binary(max_size=60))
def test_any_path_is_understood_or_refused(data: bytes) -> None:
    try:
        segments = parse(data)
    except CipError as error:
        assert error.status in (0x04, 0x13)
    else:
        assert len(segments) <= len(data)


@GENTLE
@given(st.binary(max_size=80))
def test_any_message_is_answered(new_server: Server, data: bytes) -> None:
    with socket.create_connection(("127.0.0.1", new_server.port), timeout=5) as raw:
        raw.sendall(struct.pack("<HHII8sI", 0x65, 4, 0, 0, b"", 0) + b"\x01\0\0\0")
        session = struct.unpack_from("<I", raw.recv(28, socket.MSG_WAITALL), 4)[0]
        items = struct.pack("<IHHHHHH", 0, 10, 2, 0, 0, 0xB2, len(data)) + data
        raw.sendall(struct.pack("<HHII8sI", 0x6F, len(items), session, 0, b"", 0) + items)
        reply = raw.recv(4096)

    assert reply[:2] == b"\x6f\0"
    assert reply[8:12] == b"\0\0\0\0"
    assert reply[40] == (data[0] if data else 0) | 0x80


def test_mutated_requests_are_all_answered(new_server: Server, dial: Dial) -> None:
    chance = random.Random(20_240_501)
    wire = dial(new_server).register()

    for _ in range(3000):
        message = bytearray(chance.choice(SEEDS))
        for _ in range(chance.randint(1, 4)):
            message[chance.randrange(len(message))] = chance.choice(
                [0, 1, 0x20, 0x7F, 0x80, 0xFF, chance.randrange(256)]
            )
        del message[chance.randint(1, 3 * len(message)) :]
        reply = wire.unconnected(bytes(message))
        assert len(reply) >= 4
        assert len(reply) <= 504

    assert wire.unconnected(READ.replace(b"OneDINT", b"OneLINT"))[2] == 0


def test_garbage_streams_leave_nothing_behind(
    new_server: Server, dial: Dial, eventually: Callable[[Callable[[], bool]], bool]
) -> None:
    chance = random.Random(7)
    threads = threading.active_count()
    for _ in range(60):
        with socket.create_connection(("127.0.0.1", new_server.port), timeout=5) as raw:
            raw.sendall(chance.randbytes(chance.randint(1, 3000)))
    held = [dial(new_server) for _ in range(20)]  # say nothing at all

    assert dial(new_server).register().unconnected(READ)[2] == 0
    for wire in held:
        wire.close()
    assert eventually(lambda: new_server.clients <= 1)
    assert threading.active_count() == threads


def test_a_packet_of_many_nested_packets_is_refused_without_recursion(new_server: Server, dial: Dial) -> None:
    message = READ
    while len(message) < 60_000:
        padded = message + b"\0" * (len(message) % 2)
        message = b"\x52\x02\x20\x06\x24\x01\x0a\x05" + struct.pack("<H", len(message)) + padded + b"\x01\0\x01\0"

    wire = dial(new_server).register()

    assert wire.unconnected(message)[2] == 0x08
    assert wire.unconnected(READ)[2] == 0


def test_a_packet_of_thirty_thousand_requests_is_refused(new_server: Server, dial: Dial) -> None:
    count = 30_000
    body = struct.pack(f"<H{count}H", count, *[2 + 2 * count] * count) + READ

    reply = dial(new_server).register().unconnected(b"\x0a\x02\x20\x02\x24\x01" + body)

    assert reply[2] == 0x11
