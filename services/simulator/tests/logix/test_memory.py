import threading

import pytest

from jidoka.simulator.logix import BOOL, DINT, STRING, Controller, DefinitionError, Member, Struct


def test_what_is_set_by_path_is_got_by_path(new_plc: Controller) -> None:
    values = {
        "OneBOOL": True,
        "OneSINT": -128,
        "OneINT": 32767,
        "OneDINT": -(2**31),
        "OneLINT": 2**62,
        "OneREAL": 1.5,
        "OneLREAL": 0.1,
        "OneUINT": 65535,
        "Text": "hello",
        "Matrix[2,3]": 23,
        "Flags[70]": True,
        "Texts[39]": "last",
        "AOI1.Parts[3].Serial": "SN-1",
        "AOI1.Parts[3].Bad": True,
        "AOI1.History": [1, 2, 3, 4, 5],
        "Stations[1].Name": "two",
        "Program:MainProgram.Step": 7,
        "Program:MainProgram.Local.Parts[0].Bits[63]": True,
    }
    for path, value in values.items():
        new_plc.memory.set(path, value)

    assert {path: new_plc.memory.get(path) for path in values} == values
    assert new_plc.memory.get("Matrix") == [0] * 11 + [23]
    assert new_plc.memory.get("AOI1.Parts[3].Ok") is False


def test_a_structure_is_a_dict_and_a_dict_may_name_some_members_only(new_plc: Controller) -> None:
    new_plc.memory.set("AOI1.Parts[1]", {"Serial": "A", "Weight": 2.5})
    new_plc.memory.set("AOI1.Parts[1]", {"Ok": True})

    part = new_plc.memory.get("AOI1.Parts[1]")

    assert part == {"Serial": "A", "Ok": True, "Bad": False, "Weight": 2.5, "Stamp": 0, "Bits": [False] * 64}


def test_bits_of_integers_have_paths(new_plc: Controller) -> None:
    new_plc.memory.set("OneDINT.31", True)
    new_plc.memory.set("OneDINT.0", True)

    assert new_plc.memory.get("OneDINT") == -(2**31) + 1
    assert new_plc.memory.get("OneDINT.1") is False


def test_names_are_case_insensitive_as_in_logix(new_plc: Controller) -> None:
    new_plc.memory.set("aoi1.PARTS[0].weight", 3.0)

    assert new_plc.memory.get("AOI1.Parts[0].Weight") == 3.0


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("Nope", "no tag Nope"),
        ("AOI1.Nope", "AOI1 has no member Nope"),
        ("AOI1.Parts.Serial", "AOI1.Parts has no member Serial"),
        ("Many[5000]", "beyond the end"),
        ("Matrix[1]", "has 2 dimensions, not 1"),
        ("Text.3", "has no bits"),
        ("Program:Other.Step", "no tag Program:Other.Step"),
        ("OneDINT[", "is not a name"),
        ("", "is not a name"),
    ],
)
def test_a_path_that_names_nothing_says_which_part(new_plc: Controller, path: str, said: str) -> None:
    with pytest.raises(KeyError, match=said.replace("[", r"\[")):
        new_plc.memory.get(path)


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("OneSINT", 128, "OneSINT: 128 does not fit SINT"),
        ("OneREAL", 1e300, "does not fit REAL"),
        ("OneDINT", "x", "does not fit DINT"),
        ("Text", "x" * 83, "83 characters for STRING of 82"),
        ("Text", 4, "needs a str"),
        ("Matrix", [0] * 13, "13 values for an array of 12"),
        ("Matrix", 3, "needs a list"),
        ("AOI1", {"Counter": 1, "Nope": 2}, "has no member 'Nope'"),
        ("AOI1", 3, "needs a dict"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_and_changes_nothing(
    new_plc: Controller, path: str, value: object, said: str
) -> None:
    before = new_plc.memory.get(path)

    with pytest.raises(ValueError, match=said):
        new_plc.memory.set(path, value)

    assert new_plc.memory.get(path) == before


@pytest.mark.parametrize(
    "define",
    [
        lambda plc: plc.define("1st", DINT),
        lambda plc: plc.define("a.b", DINT),
        lambda plc: plc.define("ONEdint", DINT),
        lambda plc: plc.define("Big", DINT, (1, 2, 3, 4)),
        lambda plc: plc.define("None", DINT, 0),
        lambda plc: plc.define("Grid", BOOL, (2, 32)),
        lambda plc: plc.define("Other", Struct("Part_T", [Member("Other", DINT)])),
        lambda plc: plc.define("Wrong", STRING, initial=5),
        lambda _: Struct("Twice", [Member("A", DINT), Member("a", DINT)]),
    ],
)
def test_what_logix_would_not_accept_is_not_defined(new_plc: Controller, define: object) -> None:
    assert callable(define)
    with pytest.raises(DefinitionError):
        define(new_plc)

    assert "wrong" not in new_plc.table.controller.tags


def test_atomic_keeps_others_out(new_plc: Controller) -> None:
    seen: list[tuple[int, int]] = []

    def read() -> None:
        with new_plc.memory.atomic():
            seen.append((new_plc.memory.get("Many[0]"), new_plc.memory.get("Many[1]")))

    with new_plc.memory.atomic():
        reader = threading.Thread(target=read)
        reader.start()
        new_plc.memory.set("Many[0]", 1)
        new_plc.memory.set("Many[1]", 1)
    reader.join()

    assert seen == [(1, 1)]
