import pytest

from jidoka.plc_gateway.alarms import Latch, Limit


def changes(latch: Latch, truths: list[tuple[float, bool | None]]) -> list[tuple[float, bool]]:
    return [(now, change) for now, truth in truths if (change := latch.feed(now, truth)) is not None]


def test_a_hundred_toggles_a_minute_make_one_condition() -> None:
    latch = Latch(on_delay=0.0, off_delay=5.0)
    toggles: list[tuple[float, bool | None]] = [(i * 0.3, i % 2 == 0) for i in range(200)]
    assert changes(latch, toggles) == [(0.0, True)]


def test_on_delay_needs_the_truth_to_last() -> None:
    latch = Latch(on_delay=2.0)
    assert changes(latch, [(0, True), (1, False), (1.5, True), (3.4, True), (3.5, True)]) == [(3.5, True)]


def test_off_delay_needs_the_end_to_last() -> None:
    latch = Latch(off_delay=2.0, active=True)
    assert changes(latch, [(0, False), (1, True), (2, False), (3.9, False), (4, False)]) == [(4, False)]


def test_an_unknown_truth_changes_nothing_and_starts_the_delay_anew() -> None:
    latch = Latch(on_delay=2.0)
    assert changes(latch, [(0, True), (1, None), (2, True), (3, True), (4, True)]) == [(4, True)]


@pytest.mark.parametrize(
    ("op", "raises", "keeps", "clears"),
    [(">", 50.1, 48.5, 48.0), (">=", 50.0, 48.0, 47.9), ("<", 49.9, 51.5, 52.0), ("<=", 50.0, 52.0, 52.1)],
)
def test_hysteresis(op: str, raises: float, keeps: float, clears: float) -> None:
    limit = Limit(op, 50.0, hysteresis=2.0)
    assert limit.holds(raises, active=False)
    assert not limit.holds(keeps, active=False) or op in (">=", "<=")
    assert limit.holds(keeps, active=True)
    assert not limit.holds(clears, active=True)


def test_booleans_and_strings() -> None:
    assert Limit("==", True).holds(True, active=False)
    assert Limit("!=", "run").holds("stop", active=False)
    assert not Limit(">", 5).holds("text", active=False)
