from collections.abc import Mapping

import pytest

from jidoka.plc_gateway.belt import riding
from jidoka.plc_gateway.quality import FAULTED, PROGRAM_MODE, outside, stopped

EMPTY = {"Arrived": 0, "Accepted": 0, "Rejected": 0, "Held": 0, "Bypassed": 0}
LAST = 2**31 - 1


@pytest.mark.parametrize(
    ("counts", "between"),
    [
        ({}, 0),
        ({"Arrived": 20, "Accepted": 10, "Rejected": 3, "Held": 2, "Bypassed": 1}, 4),
        ({"Arrived": -(2**31) + 2, "Accepted": LAST - 3}, 6),
        ({"Arrived": 3, "Accepted": 10}, 0),
    ],
)
def test_parts_between_camera_and_gate_also_across_the_wrap_of_the_counts(
    counts: Mapping[str, int], between: int
) -> None:
    assert riding(EMPTY | counts) == between


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (0x3060, None),
        (0x1060, None),
        (0x3160, None),  # a minor fault does not stop the program
        (0x3070, PROGRAM_MODE),
        (0x2070, PROGRAM_MODE),
        (0x3050, FAULTED),
        (0x3460, FAULTED),
        (0x3860, FAULTED),
        (0x0000, None),
    ],
)
def test_what_the_identity_says_of_the_program(status: int, reason: str | None) -> None:
    assert stopped(status) == reason


def test_only_numbers_have_a_range_and_its_ends_belong_to_it() -> None:
    assert [outside(value, (0, 1)) is None for value in (0, 1, 0.5, True, "2")] == [True] * 5
    assert outside(1.01, (0, 1)) == "outside its range 0 to 1"
    assert outside(5.0, None) is None
