"""Reading and writing through the one door, against the simulated controller."""

import math
from collections.abc import Iterator

import pytest

from jidoka.plc_gateway.catalogue import UnknownTag
from jidoka.plc_gateway.link import Address, LinkError, Reading, RefusedWrite, WrongAddress
from jidoka.plc_gateway.plc import Reader, Writer
from jidoka.simulator.logix import BOOL, DINT, LINT, REAL, STRING, Controller, Member, Server, Struct

INNER = Struct("Inner_T", [Member("Ok", BOOL), Member("Weight", REAL), Member("Name", STRING)])
OUTER = Struct("Outer_T", [Member("Parts", INNER, 3), Member("Total", LINT)])


@pytest.fixture
def plc() -> Controller:
    plc = Controller()
    plc.define("Count", DINT, initial=7)
    plc.define("Flag", BOOL, initial=True)
    plc.define("Ratio", REAL, initial=1.5)
    plc.define("Text", STRING, initial="hello")
    plc.define("Row", DINT, 5, initial=[1, 2, 3, 4, 5])
    plc.define("Single", DINT, 1, initial=[9])
    plc.define("Matrix", DINT, (2, 3), initial=[1, 2, 3, 4, 5, 6])
    plc.define("Bits", BOOL, 64)
    plc.define("Big", DINT, 3000)
    plc.define("Outer", OUTER)
    plc.define("Secret", DINT, read_only=True)
    plc.define_program("Main", "Step", DINT, initial=3)
    return plc


@pytest.fixture
def server(plc: Controller) -> Iterator[Server]:
    with plc.serve() as server:
        yield server


def address(server: Server, **more: float) -> Address:
    return Address(f"127.0.0.1:{server.port}", **more)  # type: ignore[arg-type]


def values(link: Reader, *tags: str) -> list[object]:
    readings = link.read([link.catalogue.request(tag).ask for tag in tags])
    assert all(reading.bad is None for reading in readings)
    return [reading.value for reading in readings]


def test_every_kind_of_tag_is_read(plc: Controller, server: Server) -> None:
    plc.memory.set("Outer.Parts[1].Name", "inner")
    plc.memory.set("Bits[33]", True)
    with Reader(address(server)) as link:
        assert values(link, "Count", "Flag", "Ratio", "Text", "Program:Main.Step") == [7, True, 1.5, "hello", 3]
        assert values(link, "Row", "Row[1]{2}", "Row[4]", "Matrix") == [[1, 2, 3, 4, 5], [2, 3], 5, [1, 2, 3, 4, 5, 6]]
        assert values(link, "Outer.Parts[1].Name", "Outer.Total") == ["inner", 0]
        assert values(link, "Outer.Parts[1]") == [{"Ok": False, "Weight": 0.0, "Name": "inner"}]
        assert values(link, "Bits", "Bits[33]")[1] is True
        assert len(values(link, "Big")[0]) == 3000  # type: ignore[arg-type]


def test_types_are_known_by_path(server: Server) -> None:
    with Reader(address(server)) as link:
        assert link.catalogue.find("Outer.Parts[2].Weight").name == "REAL"
        assert link.catalogue.find("Outer.Parts").dims == (3,)
        assert link.catalogue.find("Bits").dims == (64,)
        assert link.catalogue.find("Program:Main.Step").name == "DINT"


@pytest.mark.parametrize(
    ("tag", "says"),
    [
        ("Cuont", "close to it: Count"),
        ("Outer.Totl", "close to it: Outer.Total"),
        ("Program:Main.Stp", "close to it: Program:Main.Step"),
        ("Outer.Parts.Ok", "name one element"),
        ("Row[5]", "outside the array's 5"),
        ("Count.Member", "the controller has no Count.Member"),
    ],
)
def test_an_unknown_tag_says_what_is_close(server: Server, tag: str, says: str) -> None:
    with Reader(address(server)) as link, pytest.raises(UnknownTag, match=says.replace("[", r"\[")):
        link.catalogue.request(tag)


def test_one_bad_tag_leaves_the_others_good(server: Server) -> None:
    with Reader(address(server)) as link:
        good, bad = link.read(["Count", "Nowhere"])
        assert good.value == 7
        assert bad.value is None and bad.bad is not None


def test_not_a_number_is_read_as_it_is(plc: Controller, server: Server) -> None:
    plc.memory.set("Ratio", math.nan)
    with Reader(address(server)) as link:
        assert math.isnan(link.read(["Ratio"])[0].value)  # type: ignore[arg-type]


def test_a_reader_cannot_write(server: Server) -> None:
    with Reader(address(server)) as link:
        assert not hasattr(link, "write")


def test_a_writer_writes_what_is_allowed(plc: Controller, server: Server) -> None:
    with Writer(address(server), frozenset({"Count", "Flag"})) as link:
        assert link.write([("Count", 8), ("Flag", False)]) == [None, None]
        assert link.write([("Count", 9)]) == [None]
    assert (plc.memory.get("Count"), plc.memory.get("Flag")) == (9, False)


@pytest.mark.parametrize("tag", ["Ratio", "count", "Count ", "Count{1}", "Row[0]"])
def test_any_other_write_is_refused_before_anything_is_sent(plc: Controller, server: Server, tag: str) -> None:
    written: list[str] = []
    plc.subscribe_writes(lambda path, _: written.append(path))
    with Writer(address(server), frozenset({"Count"})) as link:
        with pytest.raises(RefusedWrite):
            link.write([("Count", 1), (tag, 1)])
        with pytest.raises(RefusedWrite):
            link.write_and_read([("Count", 1), (tag, 1)], ["Count", "Flag"])
        assert link.read(["Count"])[0].value == 7
    assert written == []


def test_what_is_read_with_a_write_is_what_the_controller_has_after_it(plc: Controller, server: Server) -> None:
    with Writer(address(server), frozenset({"Count", "Secret", "Flag"})) as link:
        before = plc.requests.snapshot().get(0x0A, 0)
        told = link.write_and_read([("Count", 70), ("Flag", 1)], ["Flag", "Count"])
        assert plc.requests.snapshot()[0x0A] == before + 1
        assert told == ([None, None], [Reading(True), Reading(70)])
        assert link.read(["Flag", "Count"]) == [Reading(True), Reading(70)]
        errors, slot = link.write_and_read([("Count", 71), ("Secret", 5)], ["Count", "Secret"])
        assert errors == [None, "access refused (status 0f/0000)"]
        assert slot == [Reading(71), Reading(plc.memory.get("Secret"))]


def test_a_write_that_the_controller_refuses_says_why(server: Server) -> None:
    with Writer(address(server), frozenset({"Secret", "Count"})) as link:
        assert link.write([("Count", 1), ("Secret", 1)]) == [None, "access refused (status 0f/0000)"]


def test_a_wrong_slot_is_told_apart(server: Server) -> None:
    with pytest.raises(WrongAddress) as error, Reader(address(server, slot=4)):
        pass
    assert error.value.key == "slot"


@pytest.mark.parametrize("host", ["127.0.0.1:1", "no-such-host.invalid", "127.0.0.1:99999"])
def test_nobody_there(host: str) -> None:
    with pytest.raises(LinkError), Reader(Address(host, connect_timeout=1.0)):
        pass
