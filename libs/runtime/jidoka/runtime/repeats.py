"""When the records of one stream are sent again: a sweep through what has no receipt, by a window that slides."""

import random
from collections import deque
from collections.abc import Iterable, Sequence
from itertools import takewhile

from jidoka.runtime.rows import Row

BASE_S = 5.0
LONGEST_S = 60.0
FIRST_RECORDS = 200
MOST_RECORDS = 2000  # as many as a receipt can name above one that is missing
MOST_BYTES = 8 * 2**20
_COARSE_S = 0.1  # one note for all rows sent within this time


class Sweep:
    """Walks through one stream's rows by id and starts over at its end.

    A row is ripe when it was handed over five seconds ago (rows of earlier epochs always are). At most a window of
    repeats is without receipt: it begins with 200 records, grows by each that is receipted to 2,000 (and 8 MiB), and
    begins anew when none is, after a delay that doubles, with jitter, to a minute. One publisher's messages arrive in
    order, so a repeat that a later one overtook by its receipt is lost: it leaves the window, holds nothing up, and is
    repeated soon, at most every five seconds. Times are monotonic seconds.
    """

    def __init__(self, ripe: int, jitter: random.Random) -> None:
        self.cursor = 0
        self._ripe = ripe
        self._handed: deque[tuple[float, int]] = deque()
        self._window: dict[int, int] = {}  # id and size of repeats without receipt, in the order of sending
        self._lost: set[int] = set()  # repeats that were never receipted, though later ones were
        self._bytes, self._allowed = 0, FIRST_RECORDS
        self._delay, self._jitter = BASE_S, jitter
        self._rest_until = self._unanswered_at = self._back_at = 0.0

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

    def room(self, now: float) -> tuple[int, int]:
        """How many records and bytes may be repeated now."""
        if self._window and now >= self._unanswered_at:
            self._lost.update(self._window)
            self._empty()
            self._rest_until = now
        if now < self._rest_until or self._bytes >= MOST_BYTES:
            return 0, 0
        return self._allowed - len(self._window), MOST_BYTES - self._bytes

    def began(self, rows: Sequence[Row], now: float) -> list[Row]:
        """These rows follow the cursor; returns those to repeat: the ones that are not under way already."""
        if not self._window:
            self._unanswered_at = now + self._delay * self._jitter.uniform(0.8, 1.2)
            self._delay = min(self._delay * 2, LONGEST_S)
        repeated = [row for row in rows if row.id not in self._window]
        for row in repeated:
            self._window[row.id] = row.size
            self._bytes += row.size
        self.cursor = rows[-1].id
        return repeated

    def found_nothing(self, now: float) -> None:
        """No row is left to repeat behind the cursor."""
        if self._window:
            self._rest_until = self._unanswered_at
        else:
            self._rest_until = now + (BASE_S if self.cursor else 1.0)
            self.cursor = 0
            self._lost.clear()

    def progressed(self, ids: Iterable[int], now: float) -> None:
        """A receipt removed rows: patience starts anew, and the window slides."""
        self._delay = BASE_S
        answered = [row_id for row_id in ids if row_id in self._window]
        if answered:
            places = {row_id: place for place, row_id in enumerate(self._window)}
            last = max(answered, key=places.__getitem__)
            # what was sent before the newest one that arrived has arrived, too, or is lost
            passed = list(takewhile(lambda row_id: row_id != last, self._window))
            for row_id in [*passed, last]:
                self._bytes -= self._window.pop(row_id)
            self._lost.update(set(passed).difference(answered))
            if self._lost and now >= self._back_at:
                self.cursor, self._back_at = min(*self._lost, self.cursor + 1) - 1, now + BASE_S
                self._lost.clear()
            self._allowed = min(self._allowed + len(answered), MOST_RECORDS)
            self._unanswered_at = now + BASE_S
            self._rest_until = now
        else:
            self._unanswered_at = min(self._unanswered_at, now + BASE_S)
            self._rest_until = min(self._rest_until, now + BASE_S)

    def restart(self, now: float) -> None:
        """The historian came (back) online, or the connection did."""
        self._empty()
        self._lost.clear()
        self._delay, self.cursor, self._rest_until = BASE_S, 0, now

    def _empty(self) -> None:
        self._window.clear()
        self._bytes, self._allowed = 0, FIRST_RECORDS
