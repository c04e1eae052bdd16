"""Each known defect of pycomm3 1.2.16, provoked on the wire and survived."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from jidoka.plc_gateway.link import Address, LinkError
from jidoka.plc_gateway.plc import Reader, Writer
from jidoka.simulator.logix import DINT, REAL

TWO = ["Line.State", "Line.TotalParts"]


def two(rig: Any) -> None:
    rig.plc.memory.set("Line.State", 111)
    rig.plc.memory.set("Line.TotalParts", 222)


def read_again(rig: Any) -> list[object]:
    """What a fresh connection reads; the broken one is never used again."""
    with Reader(rig.address) as link:
        return [reading.value for reading in link.read(TWO)]


@contextmanager
def broken(link: Reader) -> Iterator[pytest.ExceptionInfo[LinkError]]:
    with pytest.raises(LinkError) as error:
        yield error
    with pytest.raises(LinkError, match="not connected"):
        link.read(TWO)


def test_a_late_reply_is_no_reply_and_never_the_next_value(rig: Any) -> None:
    two(rig)
    with Reader(rig.address) as link:
        rig.plc.faults.delay(0.6, times=1)
        with broken(link) as error:
            link.read(["Line.State"])
        assert "no whole reply in time" in str(error.value)
    assert read_again(rig) == [111, 222]


def test_a_reply_to_an_earlier_request_is_refused(rig: Any, proxy: Any) -> None:
    two(rig)
    replies: list[bytes] = []

    def repeat_the_last(reply: bytes) -> bytes:
        replies.append(reply)
        return replies[-2]

    with Reader(Address(f"127.0.0.1:{proxy.port}", request_timeout=1.0)) as link:
        assert link.read(["Line.State"])[0].value == 111
        proxy.tamper = lambda reply: (replies.append(reply), reply)[1]  # type: ignore[func-returns-value]
        assert link.read(["Line.State"])[0].value == 111
        proxy.tamper = repeat_the_last
        with broken(link) as error:
            link.read(["Line.TotalParts"])
        assert "earlier request" in str(error.value)


def test_a_peer_that_closes_in_mid_frame_ends_the_read(rig: Any) -> None:
    with Reader(rig.address) as link:
        rig.plc.faults.close_midway(times=1)
        with broken(link) as error:
            link.read(TWO)
        assert "closed the connection" in str(error.value)


def test_a_peer_that_closes_before_the_reply(rig: Any) -> None:
    with Reader(rig.address) as link:
        rig.plc.faults.close_before(times=1)
        with broken(link) as error:
            link.read(TWO)
        assert "closed the connection" in str(error.value)


@pytest.mark.parametrize("size", [1, 3, 7])
def test_a_reply_in_tiny_segments_is_one_reply(rig: Any, size: int) -> None:
    two(rig)
    with Reader(Address(f"127.0.0.1:{rig.server.port}", request_timeout=1.0)) as link:
        rig.plc.faults.dribble(size, times=1)
        assert [reading.value for reading in link.read(TWO)] == [111, 222]


def test_a_lone_write_is_sent_as_two_services_and_not_twice_in_one_frame(rig: Any) -> None:
    with Writer(rig.address, frozenset({"Heartbeat.Gateway"})) as link:
        before = rig.plc.requests.snapshot()
        assert link.write([("Heartbeat.Gateway", 5)]) == [None]
        after = rig.plc.requests.snapshot()
    asked = {service: count - before.get(service, 0) for service, count in after.items()}
    assert (asked[0x0A], asked[0x4D]) == (1, 2)
    assert rig.plc.memory.get("Heartbeat.Gateway") == 5


def test_a_refused_multiple_service_is_a_link_error(rig: Any) -> None:
    with Reader(rig.address) as link:
        rig.plc.faults.refuse(0x0A, times=1)
        with broken(link) as error:
            link.read(TWO)
        assert "the answer cannot be read" in str(error.value)


def test_a_type_that_changed_under_the_connection_is_noticed(rig: Any) -> None:
    rig.plc.define("Loose", DINT, initial=5)
    with Reader(rig.address) as link:
        assert link.read(["Loose"])[0].value == 5
        rig.plc.faults.change_type("Loose", REAL)
        rig.plc.memory.set("Loose", 1.0)
        with broken(link) as error:
            link.read(["Loose"])
        assert "no longer DINT" in str(error.value)
    with Reader(rig.address) as link:
        assert link.catalogue.find("Loose").name == "REAL"
        assert link.read(["Loose"])[0].value == 1.0


def test_renumbered_tags_are_read_right_under_the_same_connection(rig: Any) -> None:
    for number in range(5):
        rig.plc.define(f"T{number}", DINT, initial=number)
    tags = [f"T{number}" for number in range(5)]
    with Reader(rig.address) as link:
        rig.plc.faults.renumber()
        assert [reading.value for reading in link.read(tags)] == [0, 1, 2, 3, 4]


def test_a_deleted_tag_is_told_in_plain_words(rig: Any) -> None:
    rig.plc.define("Loose", DINT)
    with Reader(rig.address) as link:
        rig.plc.faults.delete("Loose")
        good, bad = link.read(["Line.State", "Loose"])
    assert good.value == 0
    assert bad.bad is not None and bad.bad.startswith("no such tag")


def test_an_extended_status_that_lies_about_its_size_does_no_harm(rig: Any, proxy: Any) -> None:
    """General status FF with an extended size of two words, of which only one is there."""
    with Reader(Address(f"127.0.0.1:{proxy.port}", request_timeout=1.0)) as link:
        proxy.tamper = lambda reply: (
            (reply[:2] + (28).to_bytes(2, "little") + reply[4:42] + (8).to_bytes(2, "little") + reply[44:48])
            + b"\xff\x02\x05\x21"
        )
        (reading,) = link.read(["Line.State"])
    assert reading.value is None
    assert reading.bad == "beyond the end of the tag (status ff/2105)"


def test_a_lost_reply_costs_one_request_timeout(rig: Any) -> None:
    two(rig)
    with Reader(rig.address) as link:
        rig.plc.faults.drop(times=1)
        with broken(link) as error:
            link.read(TWO)
        assert "no whole reply in time" in str(error.value)
    assert read_again(rig) == [111, 222]


def test_a_reboot_is_noticed_and_the_next_connection_works(rig: Any) -> None:
    two(rig)
    with Reader(rig.address) as link:
        rig.plc.faults.reboot(renumber=True)
        with broken(link):
            link.read(TWO)
    assert read_again(rig) == [111, 222]


def test_old_firmware_without_large_forward_open(rig: Any) -> None:
    two(rig)
    rig.plc.faults.refuse(0x5B)
    assert read_again(rig) == [111, 222]


def test_a_refused_session_or_upload_is_a_link_error(rig: Any) -> None:
    rig.plc.faults.refuse(0x55)
    with pytest.raises(LinkError), Reader(rig.address):
        pass


def test_leaving_a_connection_whose_peer_is_gone_raises_nothing(rig: Any) -> None:
    with Reader(rig.address) as link:
        assert link.read(TWO)
        rig.plc.faults.reboot()
    assert rig.server.clients == 0


@pytest.mark.parametrize("garbage", [b"", b"\x70", b"\xff" * 60, bytes(24), bytes(60)])
def test_garbage_instead_of_a_reply(rig: Any, proxy: Any, garbage: bytes) -> None:
    with Reader(Address(f"127.0.0.1:{proxy.port}", request_timeout=0.3)) as link:
        proxy.tamper = lambda _: garbage
        with broken(link) as error:
            link.read(TWO)
        assert str(error.value) in ("no whole reply in time", "a reply to another command came")
