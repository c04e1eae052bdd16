"""Unmodified pycomm3 against the controller, with instance ids and without."""

from collections.abc import Iterator
from typing import Any

import pytest
from pycomm3 import LogixDriver

from jidoka.simulator.logix import Controller, Server, Service

MATCHING = {
    "OneBOOL": True,
    "OneSINT": -3,
    "OneINT": -300,
    "OneDINT": 70_000,
    "OneLINT": 2**40,
    "OneREAL": 1.5,
    "OneLREAL": 0.1,
    "OneUINT": 65_535,
    "Text": "abc",
    "Many[4999]": 9,
    "Matrix[1,2]": 12,
    "Texts[7]": "seven",
    "AOI1.Counter": 4,
    "AOI1.Run": True,
    "AOI1.Parts[3].Serial": "SN-3",
    "AOI1.Parts[3].Bad": True,
    "AOI1.Name": "short string",
    "Stations[2].Parts[1].Stamp": -1,
    "Program:MainProgram.Step": 5,
    "Program:MainProgram.Local.Parts[0].Weight": 2.5,
}


@pytest.fixture
def driver(server: Server) -> Iterator[LogixDriver]:
    with LogixDriver(f"127.0.0.1:{server.port}/0") as opened:
        yield opened


def test_opening_uploads_identity_name_tags_and_programs(plc: Controller, driver: LogixDriver) -> None:
    assert driver.info["product_name"] == "1756-L83E SIM"
    assert driver.info["name"] == "Line1"
    assert driver.info["keyswitch"] == "REMOTE RUN"
    assert driver.revision_major == plc.identity.revision[0]
    assert driver.connection_size == 4000
    assert list(driver.info["programs"]) == ["MainProgram"]
    assert len(driver.tags) == 19
    assert driver.tags["Matrix"]["dimensions"] == [3, 4, 0]
    assert driver.data_types["Station_T"]["attributes"] == ["Counter", "Small", "Run", "Parts", "Name", "History"]


@pytest.mark.parametrize(("path", "value"), MATCHING.items())
def test_a_value_is_written_and_read(plc: Controller, driver: LogixDriver, path: str, value: object) -> None:
    written = driver.write(path, value)

    assert written.error is None
    assert driver.read(path).value == value
    assert plc.memory.get(path) == value


def test_many_tags_are_written_and_read_in_one_request(plc: Controller, driver: LogixDriver) -> None:
    written = driver.write(*MATCHING.items())
    requests = plc.requests[Service.MULTIPLE_SERVICE]
    read = driver.read(*MATCHING)

    assert [tag.error for tag in written] == [None] * len(MATCHING)
    assert {tag.tag: tag.value for tag in read} == MATCHING
    assert plc.requests[Service.MULTIPLE_SERVICE] == requests + 1


def test_arrays_larger_than_a_connection_go_in_fragments(plc: Controller, driver: LogixDriver) -> None:
    numbers = list(range(5000))

    assert driver.write("Many{5000}", numbers).error is None
    assert plc.requests[Service.WRITE_FRAGMENT] >= 5
    assert plc.memory.get("Many") == numbers
    assert driver.read("Many{5000}").value == numbers
    assert driver.read("Many[4990]{10}").value == numbers[4990:]


def test_whole_structures_are_read_and_written(plc: Controller, driver: LogixDriver) -> None:
    station = driver.read("AOI1").value
    station["Run"] = True
    station["Parts"][2].update(Serial="inside", Ok=True, Bits=[True] * 32 + [False] * 32)
    station["History"] = [5, 4, 3, 2, 1]

    assert driver.write("AOI1", station).error is None
    assert plc.memory.get("AOI1") == station
    assert driver.read("AOI1").value == station
    assert driver.read("Stations{3}").value == plc.memory.get("Stations")


def test_bool_arrays_are_words_on_the_wire_and_bits_to_people(plc: Controller, driver: LogixDriver) -> None:
    plc.memory.set("Flags[70]", True)

    assert driver.write("Flags[37]", True).error is None
    assert driver.write("Flags[0]{32}", [True] * 32).error is None
    assert driver.read("Flags{96}").value == plc.memory.get("Flags")
    assert [index for index, flag in enumerate(plc.memory.get("Flags")) if flag] == [*range(32), 37, 70]
    assert driver.read("Flags[70]").value is True


def test_a_bit_of_an_integer_is_written_alone(plc: Controller, driver: LogixDriver) -> None:
    plc.memory.set("OneDINT", 0b1010)

    assert driver.write("OneDINT.0", True).error is None
    assert driver.write("OneDINT.3", False).error is None
    assert plc.memory.get("OneDINT") == 0b0011
    assert driver.read("OneDINT.1").value is True


def test_strings_are_cut_to_nothing_and_filled_to_the_end(plc: Controller, driver: LogixDriver) -> None:
    for text in ("x" * 82, ""):
        assert driver.write("Text", text).error is None
        assert driver.read("Text").value == plc.memory.get("Text") == text
    assert driver.read("Texts{40}").value == [""] * 40


def test_each_failure_in_a_group_is_its_own(driver: LogixDriver) -> None:
    good, missing, beyond = driver.read("OneDINT", "Nope", "Many[5000]")

    assert good.error is None
    assert missing.error == "Tag doesn't exist - Nope"
    assert "(ff, 2105)" in beyond.error


def test_a_read_only_tag_is_not_written(plc: Controller, driver: LogixDriver) -> None:
    refused = driver.write("Locked", 3)

    assert refused.error == "Permission denied"
    assert plc.memory.get("Locked") == 5
    assert driver.read("Locked").value == 5
    assert driver.tags["Locked"]["external_access"] == "Read Only"


def test_a_write_is_announced_with_path_and_value(plc: Controller, driver: LogixDriver) -> None:
    heard: list[tuple[str, Any]] = []
    plc.subscribe_writes(lambda path, value: heard.append((path, value)))

    driver.write("AOI1.Parts[1].Serial", "A")
    driver.write("Many[10]{3}", [1, 2, 3])
    driver.write("OneDINT.4", True)
    driver.write("Many{5000}", [7] * 5000)
    driver.write("Locked", 9)
    driver.read("OneDINT")

    assert heard == [("AOI1.Parts[1].Serial", "A"), ("Many[10]", [1, 2, 3]), ("OneDINT", 16), ("Many", [7] * 5000)]


def test_clock_and_module_are_told(driver: LogixDriver) -> None:
    assert driver.set_plc_time(1_000_000_000_000_000).error is None
    assert driver.get_plc_time().value["datetime"].year == 2001
    assert driver.get_module_info(0)["product_name"] == "1756-L83E SIM"


def test_old_firmware_gets_a_small_connection(plc: Controller, server: Server) -> None:
    plc.faults.refuse(Service.LARGE_FORWARD_OPEN)

    with LogixDriver(f"127.0.0.1:{server.port}/0") as driver:
        assert driver.connection_size == 500
        assert len(driver.tags) == 19
        assert driver.write("Many{5000}", list(range(5000))).error is None
        assert driver.read("Many{5000}").value == list(range(5000))
        assert driver.read("Stations{3}").value == plc.memory.get("Stations")
        assert {tag.error for tag in driver.read(*MATCHING)} == {None}
