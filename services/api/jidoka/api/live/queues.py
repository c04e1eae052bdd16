"""How many records of each publisher wait for the database: what was heard of them, less what is receipted."""

from collections import OrderedDict

from jidoka.schemas import Custody, Receipt

EPOCHS_KEPT = 20
Run = tuple[str, str]
"""A stream and an epoch of it."""


class Queues:
    """A publisher that is cut off from the broker is not heard: its own queue does not count here."""

    def __init__(self) -> None:
        self._heard: dict[str, OrderedDict[Run, int]] = {}
        self._stored: dict[str, dict[Run, int]] = {}
        self._fewest: dict[str, int] = {}

    def heard(self, custody: Custody) -> None:
        """A record came over the bus."""
        runs = self._heard.setdefault(custody.source, OrderedDict())
        run = (custody.stream.value, custody.epoch)
        runs[run] = max(custody.seq, runs.get(run, 0))
        while len(runs) > EPOCHS_KEPT:
            runs.popitem(last=False)

    def stored(self, receipt: Receipt) -> None:
        """The historian's word."""
        self._stored[receipt.source] = {
            (one.stream.value, str(one.epoch)): one.upto + len(one.extras) for one in receipt.watermarks
        }
        now = self._waiting(receipt.source)
        self._fewest[receipt.source] = min(now, self._fewest.get(receipt.source, now))

    def taken(self) -> dict[str, int]:
        """The fewest records that waited at any time since the last call, by source: what is only on its way is 0."""
        fewest, self._fewest = self._fewest, {}
        known = self._heard.keys() & self._stored.keys()
        return {source: fewest.get(source, self._waiting(source)) for source in sorted(known)}

    def _waiting(self, source: str) -> int:
        stored = self._stored.get(source, {})
        return sum(max(0, seq - stored.get(run, 0)) for run, seq in self._heard.get(source, {}).items())
