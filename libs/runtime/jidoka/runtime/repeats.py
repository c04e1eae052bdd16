"""When the records of one stream are sent again: a sweep through what has no receipt, round by round."""

import random
from collections import deque

BASE_S = 5.0
LONGEST_S = 60.0
ROUND_RECORDS = 200
ROUND_BYTES = 8 * 2**20
_COARSE_S = 0.1  # one note for all rows sent within this time


class Sweep:
    """Walks through one stream's rows by id, one round at a time, and starts over at its end.

    A row is ripe when it was handed over five seconds ago (rows of earlier epochs always are). The next round follows
    at once when the last one is receipted, else after a delay that doubles, with jitter, to a minute while no receipt
    comes. Times are monotonic seconds.
    """

    def __init__(self, ripe: int, jitter: random.Random) -> None:
        self.cursor = 0
        self._ripe = ripe
        self._handed: deque[tuple[float, int]] = deque()
        self._round: tuple[int, int] | None = None
        self._delay, self._next_at, self._jitter = BASE_S, 0.0, jitter

    def handed(self, row_id: int, now: float) -> None:
        """A row was sent on its own topic."""
        if self._handed and now < self._handed[-1][0] + _COARSE_S:
            self._handed[-1] = (self._handed[-1][0], row_id)
        else:
            self._handed.append((now, row_id))

    def ripe(self, now: float) -> int:
        """The highest id that may be repeated."""
        while self._handed and now >= self._handed[0][0] + BASE_S + _COARSE_S:
            self._ripe = self._handed.popleft()[1]
        return self._ripe

    def due(self, now: float) -> bool:
        """Whether a round may begin."""
        return now >= self._next_at

    def began(self, first: int, last: int, now: float) -> None:
        """A round of rows was taken."""
        self.cursor, self._round = last, (first, last)
        self._next_at = now + self._delay * self._jitter.uniform(0.8, 1.2)
        self._delay = min(self._delay * 2, LONGEST_S)

    def found_nothing(self, now: float) -> None:
        """No row is left to repeat behind the cursor."""
        self._next_at = now + (BASE_S if self.cursor else 1.0)
        self.cursor, self._round = 0, None

    def progressed(self, now: float) -> tuple[int, int] | None:
        """A receipt removed rows: patience starts anew. Returns the round in progress, to be looked at."""
        self._delay = BASE_S
        self._next_at = min(self._next_at, now + BASE_S)
        return self._round

    def finished(self, now: float) -> None:
        """All rows of the round have their receipt."""
        self._round, self._next_at = None, now

    def restart(self, now: float) -> None:
        """The historian came (back) online."""
        self._round, self._delay, self.cursor, self._next_at = None, BASE_S, 0, now
