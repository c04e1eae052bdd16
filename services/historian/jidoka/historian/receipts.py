"""Receipts: what is committed of each publisher, newest epochs first."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from jidoka.historian.custody import Account, Key, load_account
from jidoka.historian.database import Cursor
from jidoka.historian.ledger import Ledger
from jidoka.schemas import Receipt, Stream, Watermark

EPOCHS = 200
EXTRAS = 2000

_RECENT = """
SELECT source, stream, epoch::text FROM record.custody
WHERE last_at > now() - interval '90 days' ORDER BY last_at DESC LIMIT 10000
"""


class Receipts:
    """The newest epochs of every source, as they were committed."""

    def __init__(self) -> None:
        self._sources: dict[str, dict[Key, Ledger]] = {}

    def load(self, cursor: Cursor) -> None:
        """What the database has; for a start after which the broker may have no retained receipts."""
        self._sources.clear()
        keys = [(row[0], row[1], row[2]) for row in cursor.execute(_RECENT).fetchall()]
        self.committed({key: load_account(cursor, key) for key in reversed(keys)})

    def committed(self, accounts: dict[Key, Account]) -> None:
        """These accounts were committed just now."""
        for key, account in accounts.items():
            epochs = self._sources.setdefault(key[0], {})
            epochs.pop(key, None)
            epochs[key] = account.ledger
            while len(epochs) > EPOCHS:
                del epochs[next(iter(epochs))]

    def sources(self) -> list[str]:
        """Everybody who ever sent a record, of late."""
        return sorted(self._sources)

    def of(self, sources: Iterable[str], now: datetime) -> list[Receipt]:
        """The receipts to publish; the extras of all epochs share one bound, so a receipt stays small."""
        return [self._receipt(source, now) for source in sorted(set(sources))]

    def _receipt(self, source: str, now: datetime) -> Receipt:
        marks, left = list[Watermark](), EXTRAS
        for (_, stream, epoch), ledger in reversed(self._sources[source].items()):
            extras = ledger.extras(left)
            left -= len(extras)
            marks.append(Watermark(stream=Stream(stream), epoch=UUID(epoch), upto=ledger.upto, extras=extras))
        return Receipt(source=source, watermarks=tuple(marks), at=now)
