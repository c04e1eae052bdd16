"""The watermark: whatever the order, it says which numbers are accounted for."""

from hypothesis import given
from hypothesis import strategies as st

from jidoka.historian.ledger import Ledger

NUMBERS = st.lists(st.integers(1, 60), max_size=80)


@given(st.lists(NUMBERS, max_size=6))
def test_a_ledger_holds_exactly_what_it_was_given(batches: list[list[int]]) -> None:
    ledger = Ledger()
    for batch in batches:
        ledger = ledger.with_seqs(batch)
    given_numbers = {number for batch in batches for number in batch}
    held = set(range(1, ledger.upto + 1)) | set(ledger.extras(100))
    assert held == given_numbers
    assert ledger.upto + 1 not in given_numbers
    assert ledger.missing == (max(given_numbers) if given_numbers else 0) - len(given_numbers)


def test_a_lost_range_closes_the_gap() -> None:
    ledger = Ledger().with_seqs([1, 2, 10, 11]).with_ranges([(3, 9)])
    assert ledger == Ledger(11)


def test_extras_are_bounded() -> None:
    assert Ledger().with_ranges([(5, 1_000_000)]).extras(3) == (5, 6, 7)
