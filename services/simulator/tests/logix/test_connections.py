"""Encapsulation and connections, frame by frame: what must be refused, repeated, or met with silence."""

import struct
from collections.abc import Callable
from typing import Any

import pytest

from jidoka.simulator.logix import Controller, Server, Service

Dial = Callable[[Server], Any]
READ = b"\x4c\x05\x91\x07OneDINT\x00\x01\x00"
WRITE = b"\x4d\x05\x91\x07OneDINT\x00\xc4\x00\x01\x00"


@pytest.mark.parametrize(("data", "status"), [(b"\x02\0\0\0", 0x69), (b"\x01\0\0", 0x65), (b"\x01\0\0\0\0", 0x65)])
def test_a_wrong_registration_gets_its_status(new_server: Server, dial: Dial, data: bytes, status: int) -> None:
    assert dial(new_server).ask(0x65, data).status == status


def test_a_second_registration_is_refused_and_the_context_comes_back(new_server: Server, dial: Dial) -> None:
    wire = dial(new_server).register()

    again = wire.ask(0x65, b"\x01\0\0\0")

    assert wire.session != 0
    assert (again.status, again.context) == (0x01, b"ctx-1234")


def test_unknown_commands_wrong_sessions_and_bad_items_get_their_status(new_server: Server, dial: Dial) -> None:
    wire = dial(new_server).register()

    assert wire.ask(0x99).status == 0x01
    assert wire.ask(0x6F, b"", session=wire.session + 1).status == 0x64
    assert wire.ask(0x6F, b"\0\0\0\0\0\0\x02\0").status == 0x03
    assert wire.ask(0x70, b"\0\0\0\0\0\0\x09\0").status == 0x03


def test_requests_before_registration_are_refused(new_server: Server, dial: Dial) -> None:
    assert dial(new_server).ask(0x6F, bytes(16), session=0).status == 0x64


def test_identity_and_services_are_listed_without_a_session(new_server: Server, dial: Dial) -> None:
    wire = dial(new_server)
    wire.send(0x00, b"nop")  # has no reply

    identity, services = wire.ask(0x63), wire.ask(0x04)

    assert identity.data[2:4] == b"\x0c\x00"
    assert struct.unpack(">H", identity.data[10:12])[0] == new_server.port
    assert b"1756-L83E SIM" in identity.data
    assert b"Communications\0\0" in services.data


def test_unregistering_closes_the_tcp_connection(new_server: Server, dial: Dial) -> None:
    wire = dial(new_server).register()

    wire.send(0x66)

    assert wire.at_end()


def test_a_frame_in_pieces_is_one_frame(new_plc: Controller, new_server: Server, dial: Dial) -> None:
    wire = dial(new_server).register()
    frame = struct.pack("<HHII8sI", 0x6F, 16 + len(READ), wire.session, 0, b"12345678", 0)
    frame += struct.pack("<IHHHHHH", 0, 10, 2, 0, 0, 0xB2, len(READ)) + READ
    new_plc.memory.set("OneDINT", 42)

    for byte in frame:
        wire.socket.sendall(bytes([byte]))

    assert wire.receive().data[16:] == b"\xcc\0\0\0\xc4\0\x2a\0\0\0"


def test_two_frames_in_one_segment_get_two_replies(new_server: Server, dial: Dial) -> None:
    wire = dial(new_server)
    header = struct.pack("<HHII8sI", 0x04, 0, 0, 0, b"12345678", 0)

    wire.socket.sendall(header * 2)

    assert [wire.receive().command, wire.receive().command] == [0x04, 0x04]


def test_the_reply_carries_the_clients_connection_id(new_server: Server, dial: Dial) -> None:
    wire = dial(new_server).register()
    wire.forward_open()

    wire.send_connected(7, READ)
    data = wire.receive().data

    assert struct.unpack_from("<I", data, 12)[0] == 0xBEEF
    assert struct.unpack_from("<H", data, 20)[0] == 7


def test_a_repeated_sequence_count_is_answered_again_and_not_carried_out(
    new_plc: Controller, new_server: Server, dial: Dial
) -> None:
    wire = dial(new_server).register()
    wire.forward_open()
    written: list[object] = []
    new_plc.subscribe_writes(lambda _, value: written.append(value))

    first = wire.connected(5, WRITE + struct.pack("<i", 1))
    repeated = wire.connected(5, WRITE + struct.pack("<i", 2))

    assert first == repeated == b"\xcd\0\0\0"
    assert written == [1]
    assert new_plc.memory.get("OneDINT") == 1


def test_an_unknown_or_foreign_connection_gets_no_reply(new_plc: Controller, new_server: Server, dial: Dial) -> None:
    one, other = dial(new_server).register(), dial(new_server).register()
    one.forward_open()

    other.send_connected(1, WRITE + struct.pack("<i", 9), connection=one.connection)
    one.send_connected(1, WRITE + struct.pack("<i", 9), connection=12345)

    # What is answered next is the later request, so the earlier ones got nothing.
    assert other.ask(0x04).command == one.ask(0x04).command == 0x04
    assert new_plc.memory.get("OneDINT") == 0


@pytest.mark.parametrize(
    ("change", "extended"),
    [
        ({"path": b"\x01\x05\x20\x02\x24\x01"}, 0x0312),
        ({"path": b"\x02\x00\x20\x02\x24\x01"}, 0x0311),
        ({"path": b"\x01\x00\x20\x04\x24\x01"}, 0x0315),
        ({"size": 4}, 0x0109),
    ],
)
def test_a_connection_that_cannot_be_opened_says_why(
    new_server: Server, dial: Dial, change: dict[str, Any], extended: int
) -> None:
    reply = dial(new_server).register().forward_open(**change)

    assert reply == b"\xd4\0\x01\x01" + struct.pack("<H", extended)


def test_a_connection_is_open_once_until_closed_or_its_session_ends(
    new_server: Server, dial: Dial, eventually: Callable[[Callable[[], bool]], bool]
) -> None:
    close = b"\x4e\x02\x20\x06\x24\x01" + struct.pack("<BBHHIBB", 10, 5, 1, 9, 7, 3, 0) + b"\x01\0\x20\x02\x24\x01"
    first, second = dial(new_server).register(), dial(new_server).register()

    assert first.forward_open()[2] == 0
    assert second.forward_open() == b"\xd4\0\x01\x01\0\x01"  # the same serial number: duplicate
    assert first.unconnected(close)[2] == 0
    assert first.unconnected(close) == b"\xce\0\x01\x01\x07\x01"  # none there any more
    assert first.forward_open()[2] == 0
    first.close()
    assert eventually(lambda: second.forward_open()[2] == 0)


def test_a_connection_that_is_not_used_times_out(new_server: Server, dial: Dial) -> None:
    wire = dial(new_server).register()
    request = struct.pack("<BBIIHHIB3xIHIHB", 10, 5, 0, 0xBEEF, 1, 9, 7, 0, 1, 0x43F4, 1, 0x43F4, 0xA3)

    # 1 microsecond times 4: over before the next frame can be sent.
    opened = wire.unconnected(b"\x54\x02\x20\x06\x24\x01" + request + b"\x03\x01\0\x20\x02\x24\x01")
    wire.send_connected(1, READ, connection=int.from_bytes(opened[4:8], "little"))

    assert opened[2] == 0
    assert wire.ask(0x04).command == 0x04


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"\x4c\x03\x91\x04Nope\x01\x00", b"\x04\x01\0\0"),
        (b"\x4c\x02\x20\x6b\x24\xfa\x01\x00", b"\x05\x01\0\0"),
        (b"\x4c\x04\x91\x04Many\x28\x00\x89\x13", b"\xff\x01\x05\x21"),
        (b"\x4d\x05\x91\x07OneDINT\x00\xca\x00\x01\x00\0\0\0\0", b"\xff\x01\x07\x21"),
        (b"\x4d\x05\x91\x07OneDINT\x00\xc4\x00\x01\x00\0\0", b"\x13\0"),
        (b"\x99\x05\x91\x07OneDINT\x00", b"\x08\0"),
        (b"\x0e\x03\x20\x01\x24\x01\x30\x63", b"\x14\0"),
        (b"\x01\x02\x20\xaa\x24\x01", b"\x05\x01\0\0"),
        (b"\x4d\x04\x91\x06Locked\xc4\x00\x01\x00\0\0\0\0", b"\x0f\0"),
        (b"\x4c\x09\x91\x07OneDINT", b"\x13\0"),
    ],
)
def test_a_request_that_fails_gets_the_status_of_a_logix_controller(
    new_server: Server, dial: Dial, request_: bytes, status: bytes
) -> None:
    reply = dial(new_server).register().unconnected(request_)

    assert reply == bytes([request_[0] | 0x80, 0]) + status


def test_bytes_after_the_written_elements_are_ignored(new_plc: Controller, new_server: Server, dial: Dial) -> None:
    wire = dial(new_server).register()

    assert wire.unconnected(WRITE + struct.pack("<i", 3) + WRITE) == b"\xcd\0\0\0"
    assert new_plc.memory.get("OneDINT") == 3


def test_a_true_bool_is_all_ones(new_plc: Controller, new_server: Server, dial: Dial) -> None:
    new_plc.memory.set("OneBOOL", True)

    reply = dial(new_server).register().unconnected(b"\x4c\x05\x91\x07OneBOOL\x00\x01\x00")

    assert reply == b"\xcc\0\0\0\xc1\0\xff"


def test_a_reply_that_does_not_fit_beside_others_fails_alone(new_server: Server, dial: Dial) -> None:
    wire = dial(new_server).register()
    many = b"\x4c\x03\x91\x04Many\xe8\x03"  # 1,000 elements

    alone = wire.unconnected(many)
    both = wire.unconnected(b"\x0a\x02\x20\x02\x24\x01" + struct.pack("<HHH", 2, 6, 6 + len(many)) + many + READ)

    assert alone[2] == 0x06
    assert both[2] == 0x1E
    assert both[4:] == struct.pack("<HHH", 2, 6, 10) + b"\xcc\0\x11\0" + b"\xcc\0\0\0\xc4\0\0\0\0\0"


def test_requests_are_counted_by_service(new_plc: Controller, new_server: Server, dial: Dial) -> None:
    wire = dial(new_server).register()

    wire.unconnected(READ)
    wire.unconnected(b"\x0a\x02\x20\x02\x24\x01" + struct.pack("<HHH", 2, 6, 6 + len(READ)) + READ + READ)

    assert new_plc.requests[Service.READ_TAG] == 3
    assert new_plc.requests.snapshot() == {Service.READ_TAG: 3, Service.MULTIPLE_SERVICE: 1}
