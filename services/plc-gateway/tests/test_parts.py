import pytest
from hypothesis import given
from hypothesis import strategies as st

from jidoka.plc_gateway.parts import LAST, RING, Drain, after, distance, plan, whole
from jidoka.plc_gateway.values import Value


def record(**changes: Value) -> dict[str, Value]:
    given: dict[str, Value] = {
        "Sequence": 5,
        "Serial": "S-5",
        "Sku": "",
        "Batch": "B\x01",
        "CycleTimeMs": 1500,
        "AgeMs": 20,
        "Check": 5,
    }
    return given | changes


def test_nothing_new() -> None:
    assert plan(7, 7) == Drain()


def test_parts_since_the_last_poll() -> None:
    assert plan(7, 10) == Drain(wanted=(8, 9, 10))


def test_what_the_ring_no_longer_has_is_missed() -> None:
    drain = plan(7, 30)
    assert drain.wanted == tuple(range(15, 31))
    assert drain.missed == (8, 14)


def test_exactly_a_full_ring_misses_nothing() -> None:
    assert plan(7, 23) == Drain(wanted=tuple(range(8, 24)))


def test_wrap_around() -> None:
    assert plan(LAST - 1, 2) == Drain(wanted=(LAST, 1, 2))


def test_wrap_around_with_missed_parts() -> None:
    drain = plan(LAST - 5, 20)
    assert drain.missed == (LAST - 4, 4)
    assert drain.wanted == tuple(range(5, 21))
    assert not drain.reset


def test_reset_takes_what_was_counted_since() -> None:
    assert plan(500, 3) == Drain(wanted=(1, 2, 3), reset=True)
    assert plan(500, 0) == Drain(reset=True)


@given(st.integers(1, LAST), st.integers(1, 5000))
def test_wanted_and_missed_together_are_every_part_once(last: int, came: int) -> None:
    counter, sequences = last, []
    for _ in range(came):
        counter = after(counter)
        sequences.append(counter)
    drain = plan(last, counter)
    missed = sequences[: len(sequences) - len(drain.wanted)]
    assert list(drain.wanted) == sequences[-RING:]
    assert drain.missed == ((missed[0], missed[-1]) if missed else None)
    assert distance(last, counter) == came


def test_a_whole_record() -> None:
    part = whole(record(), 5)
    assert part is not None
    assert (part.serial, part.sku, part.batch, part.cycle_time_ms, part.age_ms) == ("S-5", None, "B?", 1500.0, 20)


@pytest.mark.parametrize("changes", [{"Check": 0}, {"Check": 21}, {"Sequence": 21, "Check": 21}, {"Sequence": 21}])
def test_a_record_that_is_being_written_or_belongs_to_another_part(changes: dict[str, Value]) -> None:
    assert whole(record(**changes), 5) is None


def test_a_negative_cycle_time_is_none() -> None:
    part = whole(record(CycleTimeMs=-1, AgeMs=-5), 5)
    assert part is not None
    assert (part.cycle_time_ms, part.age_ms) == (None, 0)
