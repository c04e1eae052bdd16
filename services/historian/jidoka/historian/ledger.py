"""Which sequence numbers of one epoch are accounted for: a watermark and the ranges above it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Ledger:
    """Every number up to `upto` is accounted for, and the `above` ranges (disjoint, rising, inclusive)."""

    upto: int = 0
    above: tuple[Range, ...] = ()

    def with_ranges(self, ranges: Iterable[Range]) -> "Ledger":
        """This ledger with more ranges accounted for."""
        upto, above = self.upto, list[Range]()
        for first, last in sorted([*self.above, *ranges]):
            if first <= upto + 1:
                upto = max(upto, last)
            elif above and first <= above[-1][1] + 1:
                above[-1] = (above[-1][0], max(above[-1][1], last))
            else:
                above.append((first, last))
        return Ledger(upto, tuple(above))

    def with_seqs(self, seqs: Iterable[int]) -> "Ledger":
        """This ledger with single numbers accounted for."""
        return self.with_ranges((seq, seq) for seq in seqs)

    def extras(self, limit: int) -> tuple[int, ...]:
        """The first `limit` numbers accounted for above the watermark."""
        return tuple(islice(self._numbers_above(), limit))

    @property
    def missing(self) -> int:
        """How many numbers between the watermark and the highest one known are not accounted for."""
        if not self.above:
            return 0
        return self.above[-1][1] - self.upto - sum(last - first + 1 for first, last in self.above)

    def _numbers_above(self) -> Iterator[int]:
        for first, last in self.above:
            yield from range(first, last + 1)
