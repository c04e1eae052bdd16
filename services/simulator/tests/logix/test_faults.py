"""Every fault hook, as a client meets it."""

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from pycomm3 import LogixDriver, PycommError

from jidoka.simulator.logix import DINT, REAL, Controller, Effect, Server, Service

Dial = Callable[[Server], Any]
READ = b"\x4c\x05\x91\x07OneDINT\x00\x01\x00"
WRITE = b"\x4d\x05\x91\x07OneDINT\x00\xc4\x00\x01\x00\x07\0\0\0"


def test_a_late_reply_comes_after_its_delay(new_plc: Controller, new_server: Server, dial: Dial) -> None:
    wire = dial(new_server).register()
    wire.socket.settimeout(0.1)
    new_plc.faults.delay(0.4, times=1)

    with pytest.raises(TimeoutError):
        wire.unconnected(READ)
    wire.socket.settimeout(5)

    assert wire.receive().data[16:18] == b"\xcc\0"
    assert new_plc.faults.active() == []


def test_a_late_reply_gives_pycomm3_the_value_of_another_tag(new_plc: Controller, new_server: Server) -> None:
    # The defect that the hook is there to provoke: no check of sequence, so the next read is off by one.
    new_plc.memory.set("OneDINT", 111)
    new_plc.memory.set("Many[0]", 222)
    driver = LogixDriver(f"127.0.0.1:{new_server.port}/0")
    driver.socket_timeout = 0.3
    with driver:
        new_plc.faults.delay(0.5, times=1, service=Service.READ_TAG)
        with pytest.raises(PycommError):
            driver.read("OneDINT")
        wrong = driver.read("Many[0]")

    assert (wrong.value, wrong.error) == (111, None)


def test_a_dropped_reply_leaves_the_request_carried_out(new_plc: Controller, new_server: Server, dial: Dial) -> None:
    wire = dial(new_server).register()
    new_plc.faults.drop(times=1, service=Service.WRITE_TAG)
    wire.socket.settimeout(0.1)

    assert wire.unconnected(READ)[2] == 0
    with pytest.raises(TimeoutError):
        wire.unconnected(WRITE)
    wire.socket.settimeout(5)

    assert new_plc.memory.get("OneDINT") == 7
    assert wire.unconnected(READ)[6:] == b"\x07\0\0\0"


def test_the_connection_closes_instead_of_a_reply(new_plc: Controller, new_server: Server, dial: Dial) -> None:
    wire = dial(new_server).register()
    new_plc.faults.close_before(times=1)

    with pytest.raises(ConnectionError, match="after 0 of 24 bytes"):
        wire.unconnected(WRITE)

    assert new_plc.memory.get("OneDINT") == 7
    assert dial(new_server).register().unconnected(READ)[2] == 0


def test_the_connection_closes_in_the_middle_of_a_reply(new_plc: Controller, new_server: Server, dial: Dial) -> None:
    wire = dial(new_server).register()
    new_plc.faults.close_midway(times=1)

    with pytest.raises(ConnectionError, match="after 13 of 26 bytes"):
        wire.unconnected(READ)


def test_a_dribbled_reply_is_whole_in_the_end(new_plc: Controller, new_server: Server, dial: Dial) -> None:
    wire = dial(new_server).register()
    new_plc.faults.dribble(7, times=1)

    wire.send(0x6F, b"\0\0\0\0\0\0\x02\0\0\0\0\0\xb2\0" + len(READ).to_bytes(2, "little") + READ)
    first = wire.socket.recv(4096)

    assert len(first) == 7
    assert len(first + wire._take(43)) == 50


def test_pycomm3_reads_dribbled_replies(new_plc: Controller, new_server: Server) -> None:
    new_plc.faults.dribble(7)

    with LogixDriver(f"127.0.0.1:{new_server.port}/0") as driver:
        assert driver.read("AOI1").value == new_plc.memory.get("AOI1")


def test_a_fault_holds_until_cleared_or_for_its_number_of_requests(
    new_plc: Controller, new_server: Server, dial: Dial
) -> None:
    wire = dial(new_server).register()
    new_plc.faults.refuse(Service.READ_TAG, times=2)
    new_plc.faults.refuse(Service.WRITE_TAG, status=0x10)

    reads = [wire.unconnected(READ)[2] for _ in range(3)]
    writes = [wire.unconnected(WRITE)[2] for _ in range(3)]
    left = [(rule.effect, rule.times, rule.service, rule.amount) for rule in new_plc.faults.active()]
    new_plc.faults.clear()

    assert reads == [8, 8, 0]
    assert writes == [16, 16, 16]
    assert left == [(Effect.REFUSE, None, Service.WRITE_TAG, 0x10)]
    assert new_plc.memory.get("OneDINT") == 0
    assert wire.unconnected(WRITE)[2] == 0


def test_refusing_multiple_services_raises_in_pycomm3(new_plc: Controller, new_server: Server) -> None:
    with LogixDriver(f"127.0.0.1:{new_server.port}/0") as driver:
        new_plc.faults.refuse(Service.MULTIPLE_SERVICE)

        with pytest.raises(PycommError):
            driver.read("OneDINT", "OneREAL")

        assert driver.read("OneDINT").error is None


@pytest.mark.parametrize("nonsense", [{"times": 0}, {"times": -1}])
def test_a_fault_for_no_requests_is_refused(new_plc: Controller, nonsense: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="times must be at least 1"):
        new_plc.faults.drop(**nonsense)


def test_after_renumbering_an_old_instance_id_reaches_another_tag(new_plc: Controller, new_server: Server) -> None:
    new_plc.memory.set("OneINT", 1)
    new_plc.memory.set("OneDINT", 2)
    with LogixDriver(f"127.0.0.1:{new_server.port}/0") as driver:
        new_plc.faults.renumber()
        stale = driver.read("OneDINT").value

    with LogixDriver(f"127.0.0.1:{new_server.port}/0") as fresh:
        assert fresh.read("OneDINT").value == 2
        assert {tag.error for tag in fresh.read(*fresh.tags)} == {None}
    assert stale != 2


def test_a_changed_type_is_read_with_the_new_one(new_plc: Controller, new_server: Server) -> None:
    with LogixDriver(f"127.0.0.1:{new_server.port}/0") as driver:
        new_plc.faults.change_type("OneDINT", REAL)
        new_plc.memory.set("OneDINT", 1.0)

        # pycomm3 ignores the type in the reply and shows the float's bits as a number.
        assert driver.read("OneDINT").value == 1_065_353_216
        assert "(ff, 2107)" in driver.write("OneDINT", 5).error


def test_a_deleted_tag_is_gone_and_a_renamed_one_keeps_its_value(new_plc: Controller, new_server: Server) -> None:
    new_plc.memory.set("OneDINT", 5)
    new_plc.faults.delete("OneINT")
    new_plc.faults.rename("OneDINT", "Renamed")
    new_plc.faults.delete("Program:MainProgram.Step")

    with LogixDriver(f"127.0.0.1:{new_server.port}/0") as driver:
        assert driver.read("Renamed").value == 5
        assert {"OneINT", "OneDINT", "Program:MainProgram.Step"}.isdisjoint(driver.tags)
    with pytest.raises(KeyError, match="no tag OneINT"):
        new_plc.faults.delete("OneINT")


@pytest.mark.parametrize("renumber", [False, True])
def test_a_reboot_drops_every_client_and_keeps_memory(new_plc: Controller, new_server: Server, renumber: bool) -> None:
    new_plc.memory.set("OneDINT", 5)
    with LogixDriver(f"127.0.0.1:{new_server.port}/0") as driver:
        before = driver.tags["OneDINT"]["instance_id"]

        new_plc.faults.reboot(renumber=renumber)

        assert new_server.clients == 0
        with pytest.raises(PycommError):
            driver.read("OneDINT")
    with LogixDriver(f"127.0.0.1:{new_server.port}/0") as again:
        assert again.read("OneDINT").value == 5
        assert (again.tags["OneDINT"]["instance_id"] != before) is renumber


def test_connections_are_refused_while_it_does_not_listen(new_plc: Controller, new_server: Server, dial: Dial) -> None:
    wire = dial(new_server).register()
    new_plc.faults.stop_listening()

    with pytest.raises(ConnectionRefusedError):
        dial(new_server)
    assert wire.unconnected(READ)[2] == 0

    new_plc.faults.start_listening()
    assert dial(new_server).register().session != 0


def test_tags_may_be_added_while_clients_read(new_plc: Controller, new_server: Server) -> None:
    with LogixDriver(f"127.0.0.1:{new_server.port}/0") as driver:
        new_plc.define("Later", DINT, initial=3)
        driver.get_tag_list()

        assert driver.read("Later").value == 3


def test_closing_ends_the_thread_even_during_a_delay(new_plc: Controller, dial: Dial) -> None:
    before = threading.active_count()
    with new_plc.serve() as server:
        wire = dial(server).register()
        new_plc.faults.delay(60)
        wire.send(0x6F, b"\0\0\0\0\0\0\x02\0\0\0\0\0\xb2\0" + len(READ).to_bytes(2, "little") + READ)
        deadline = time.monotonic() + 5
        while new_plc.requests[Service.READ_TAG] == 0 and time.monotonic() < deadline:
            time.sleep(0.005)

    server.close()  # a second time, to no effect
    assert threading.active_count() == before
    assert wire.at_end()


def test_a_port_in_use_is_the_callers_error(make_plc: type[Controller], new_server: Server) -> None:
    with pytest.raises(OSError, match="in use"):
        make_plc().serve(port=new_server.port)
