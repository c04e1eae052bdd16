import math

import pytest

from jidoka.plc_gateway.values import BadValue, Value, scalar, spread


def test_structures_and_arrays_are_spread_to_paths() -> None:
    value: Value = {"Speed": 1.5, "Zone": [1, 2], "Part": {"Serial": "x"}}
    assert dict(spread("Line", value)) == {
        "Line.Speed": 1.5,
        "Line.Zone[0]": 1,
        "Line.Zone[1]": 2,
        "Line.Part.Serial": "x",
    }


def test_a_slice_keeps_its_place() -> None:
    assert dict(spread("Zone", [7, 8], (), 2)) == {"Zone[2]": 7, "Zone[3]": 8}


def test_two_dimensions() -> None:
    assert list(dict(spread("M", [1, 2, 3, 4], (2, 2)))) == ["M[0,0]", "M[0,1]", "M[1,0]", "M[1,1]"]


@pytest.mark.parametrize("value", [True, 0, -(2**63), 2**63 - 1, 1.5, "text", ""])
def test_values_that_travel(value: Value) -> None:
    assert scalar(value) == value


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 2**63, "a\x00b", "line\nbreak", [1]])
def test_values_that_do_not(value: Value) -> None:
    with pytest.raises(BadValue):
        scalar(value)
