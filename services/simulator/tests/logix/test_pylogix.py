"""Unmodified pylogix: an independent client that found faults which pycomm3 did not."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest
from pylogix import PLC

from jidoka.simulator.logix import Controller, Server, Service

Open = Callable[..., AbstractContextManager[PLC]]
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
    "Flags[70]": True,
    "OneDINT.4": True,
    "AOI1.Counter": 4,
    "AOI1.Run": True,
    "AOI1.Parts[3].Serial": "SN-3",
    "AOI1.Parts[3].Bits[40]": True,
    "Program:MainProgram.Step": 5,
    "Program:MainProgram.Local.Parts[0].Weight": 2.5,
}


@pytest.fixture
def client(new_server: Server, open_pylogix: Open) -> Iterator[PLC]:
    with open_pylogix(new_server.port) as opened:
        yield opened


def test_the_tag_list_ends_and_holds_every_tag_and_member(client: PLC) -> None:
    listed = client.GetTagList()

    tags = {tag.TagName: tag for tag in listed.Value}
    assert listed.Status == "Success"
    assert len(tags) == 20
    assert tags["Many"].Size == 5000
    assert tags["Program:MainProgram.Local"].DataType == "Station_T"
    fields = [field.TagName for field in client.UDTByName["Station_T"].Fields]
    assert [name for name in fields if not name.startswith("ZZ")] == [
        "Counter", "Small", "Run", "Parts", "Name", "History",
    ]  # fmt: skip


@pytest.mark.parametrize(("path", "value"), MATCHING.items())
def test_a_value_is_written_and_read(new_plc: Controller, client: PLC, path: str, value: object) -> None:
    assert client.Write(path, value).Status == "Success"
    assert client.Read(path).Value == value
    assert new_plc.memory.get(path) == value


def test_arrays_go_in_fragments(new_plc: Controller, client: PLC) -> None:
    numbers = list(range(5000))

    assert client.Write("Many[0]", numbers).Status == "Success"
    assert new_plc.memory.get("Many") == numbers
    assert client.Read("Many[0]", 5000).Value == numbers
    assert client.Read("Texts[0]", 40).Value == [""] * 40


def test_groups_are_one_request_and_failures_their_own(new_plc: Controller, client: PLC) -> None:
    written = client.Write([("OneDINT", 5), ("OneLINT", 6), ("Program:MainProgram.Step", 8)])
    read = client.Read(["OneDINT", "Nope", "OneLINT", "Program:MainProgram.Step"])

    assert {reply.Status for reply in written} == {"Success"}
    assert [reply.Value for reply in read] == [5, None, 6, 8]
    assert read[1].Status == "Path segment error"
    assert new_plc.requests[Service.MULTIPLE_SERVICE] >= 2


def test_a_read_only_tag_is_not_written(new_plc: Controller, client: PLC) -> None:
    assert client.Write("Locked", 3).Status == "Privilege violation"
    assert new_plc.memory.get("Locked") == 5


def test_clock_identity_and_programs_are_told(client: PLC) -> None:
    assert client.SetPLCTime().Status == "Success"
    assert client.GetPLCTime().Status == "Success"
    assert client.GetModuleProperties(0).Value.ProductName == "1756-L83E SIM"
    assert client.GetDeviceProperties().Value.Revision == "33.11"
    assert client.GetProgramsList().Value == ["Program:MainProgram"]


def test_another_slot_has_no_controller(make_plc: type[Controller], open_pylogix: Open) -> None:
    with make_plc(slot=3).serve() as server, open_pylogix(server.port, slot=3) as there:
        assert there.Read("Locked").Value == 5
        with open_pylogix(server.port, slot=2) as elsewhere:
            assert elsewhere.Read("Locked").Value is None
