import pytest
from hypothesis import given
from hypothesis import strategies as st

from jidoka.plc_gateway.backoff import Backoff
from jidoka.plc_gateway.grid import Grid


def test_scans_stay_on_the_grid() -> None:
    grid = Grid(period=0.1, start=0.0)
    left_out = [grid.advance(now) for now in (0.02, 0.13, 0.21)]
    assert left_out == [0, 0, 0]
    assert grid.number == 3


def test_an_overrun_leaves_scans_out_and_never_bunches() -> None:
    grid = Grid(period=0.1, start=0.0)
    assert grid.advance(0.35) == 3
    assert grid.due == 0.4


@given(st.floats(0.01, 10), st.lists(st.floats(0, 30), min_size=1, max_size=50))
def test_the_next_scan_is_always_in_the_future_and_all_points_are_accounted_for(
    period: float, took: list[float]
) -> None:
    grid, now, scans, left_out = Grid(period, 0.0), 0.0, 0, 0
    for seconds in took:
        now = max(now, grid.due) + seconds
        left_out += grid.advance(now)
        scans += 1
        assert grid.due > now - period * 1e-6
    assert grid.number == scans + left_out


@pytest.mark.parametrize(("answers", "most"), [(False, 1.0), (True, 5.0)])
def test_the_first_reconnect_is_at_once_then_ever_longer_up_to_the_ceiling(answers: bool, most: float) -> None:
    """One that nobody answers is tried each second; one that answers and fails at once is left alone for longer."""
    backoff = Backoff(clock=lambda: 0.0)
    delays = []
    for _ in range(12):
        if answers:
            backoff.connected()
        delays.append(backoff.delay())
    assert delays[0] == 0.0
    assert 0.1 < delays[1] <= 0.25
    assert 0.7 * most <= max(delays) <= most
    assert delays[-1] >= 0.7 * most


def test_a_connection_that_lasted_starts_the_row_anew_and_a_short_one_does_not() -> None:
    now = [0.0]
    backoff = Backoff(clock=lambda: now[0])
    backoff.delay()
    backoff.connected()
    now[0] = 1.0
    assert backoff.delay() > 0
    backoff.connected()
    now[0] = 10.0
    assert backoff.delay() == 0.0
