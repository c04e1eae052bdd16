"""Tag samples: one binary COPY a batch, tags by number."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from jidoka.historian.clock import Fact
from jidoka.historian.database import Cursor
from jidoka.historian.effects import Effects
from jidoka.schemas import Scalar, TagBatch

_TAG = """
INSERT INTO record.tags AS t (plc, scan_group, name, kind, first_at) VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (plc, name) DO UPDATE SET scan_group = EXCLUDED.scan_group, kind = coalesce(EXCLUDED.kind, t.kind)
RETURNING id
"""
_COPY = "COPY record.tag_samples (at, value, tag_id, text, bad, claimed_at) FROM STDIN (FORMAT BINARY)"
_TYPES = ("timestamptz", "float8", "int4", "text", "text", "timestamptz")
_DUE = "INSERT INTO record.due_minutes (minute) SELECT unnest(%s::timestamptz[]) ON CONFLICT DO NOTHING"
_EXACT = 2**53

Sample = tuple[datetime, float | None, int, str | None, str | None, datetime | None]


class Samples:
    """Stores scans; remembers the numbers of the tags."""

    def __init__(self) -> None:
        self._ids: dict[tuple[str, str], int] = {}
        self._kinds: dict[tuple[str, str], str | None] = {}

    def forget(self) -> None:
        """After a transaction that was rolled back the numbers may not exist."""
        self._ids.clear()
        self._kinds.clear()

    def store(self, cursor: Cursor, facts: Sequence[Fact[TagBatch]], effects: Effects) -> None:
        """All samples of the scans. The inbox saw to it that none of them is here twice."""
        for fact in facts:
            self._learn(cursor, fact)
        rows = 0
        with cursor.copy(_COPY) as copy:
            copy.set_types(_TYPES)
            write = copy.write_row
            for fact in facts:
                for sample in self._samples(fact):
                    write(sample)
                rows += len(fact.message.values) + len(fact.message.bad)
        minutes = {fact.at.replace(second=0, microsecond=0) for fact in facts}
        cursor.execute(_DUE, (sorted(minutes),))
        effects.count("tag_samples", rows)

    def _learn(self, cursor: Cursor, fact: Fact[TagBatch]) -> None:
        scan = fact.message
        for name in scan.values:
            if self._kinds.get((scan.plc, name)) is None:
                self._number(cursor, fact, name, kind_of(scan.values[name]))
        for name in scan.bad:
            if (scan.plc, name) not in self._ids:
                self._number(cursor, fact, name, None)

    def _number(self, cursor: Cursor, fact: Fact[TagBatch], name: str, kind: str | None) -> None:
        scan = fact.message
        row = cursor.execute(_TAG, (scan.plc, scan.group, name, kind, fact.at)).fetchone()
        assert row is not None
        self._ids[scan.plc, name], self._kinds[scan.plc, name] = row[0], kind

    def _samples(self, fact: Fact[TagBatch]) -> Iterator[Sample]:
        scan, at, claimed, ids = fact.message, fact.at, fact.claimed_at, self._ids
        for name, value in scan.values.items():
            if type(value) is float:
                yield at, value, ids[scan.plc, name], None, None, claimed
            else:
                number, text = split(value)
                yield at, number, ids[scan.plc, name], text, None, claimed
        for name, reason in scan.bad.items():
            yield at, None, ids[scan.plc, name], None, reason, claimed


def kind_of(value: Scalar) -> str:
    """`number`, `boolean` or `text`."""
    if isinstance(value, bool):
        return "boolean"
    return "text" if isinstance(value, str) else "number"


def split(value: Scalar) -> tuple[float | None, str | None]:
    """The number and the text that stand for a value; an integer too long for a double has both."""
    if isinstance(value, str):
        return None, value
    return float(value), str(value) if isinstance(value, int) and abs(value) > _EXACT else None
