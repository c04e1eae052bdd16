"""Tag samples: one binary COPY a batch, tags by number."""

from collections.abc import Sequence

from jidoka.historian.clock import Fact
from jidoka.historian.database import Cursor
from jidoka.historian.effects import Effects
from jidoka.historian.sample_rows import COLUMNS, HEADER, TRAILER, Layout, row, split
from jidoka.schemas import Scalar, TagBatch

_TAG = """
INSERT INTO record.tags AS t (plc, scan_group, name, kind, first_at) VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (plc, name) DO UPDATE SET scan_group = EXCLUDED.scan_group, kind = coalesce(EXCLUDED.kind, t.kind)
RETURNING id
"""
_COPY = f"COPY record.tag_samples ({COLUMNS}) FROM STDIN (FORMAT BINARY)"
_DUE = "INSERT INTO record.due_minutes (minute) SELECT unnest(%s::timestamptz[]) ON CONFLICT DO NOTHING"
LAYOUTS = 1000
BLOCK_BYTES = 2**18

Names = tuple[str, tuple[str, ...]]


class Samples:
    """Stores scans; remembers the numbers of the tags, and the layouts of scans that have come."""

    def __init__(self) -> None:
        self._ids: dict[tuple[str, str], int] = {}
        self._layouts: dict[Names, Layout] = {}

    def forget(self) -> None:
        """After a transaction that was rolled back the numbers may not exist."""
        self._ids.clear()
        self._layouts.clear()

    def store(self, cursor: Cursor, facts: Sequence[Fact[TagBatch]], effects: Effects) -> None:
        """All samples of the scans. The inbox saw to it that none of them is here twice."""
        self._learn(cursor, facts)
        with cursor.copy(_COPY.encode()) as copy:
            pending = bytearray(HEADER)
            for fact in facts:
                pending += self._rows(fact)
                if len(pending) >= BLOCK_BYTES:
                    copy.write(bytes(pending))
                    pending.clear()
            copy.write(bytes(pending) + TRAILER)
        minutes = {fact.at.replace(second=0, microsecond=0) for fact in facts}
        cursor.execute(_DUE, (sorted(minutes),))
        effects.count("tag_samples", sum(len(fact.message.values) + len(fact.message.bad) for fact in facts))

    def _learn(self, cursor: Cursor, facts: Sequence[Fact[TagBatch]]) -> None:
        if len(self._layouts) >= LAYOUTS:
            self._layouts.clear()
        for fact in facts:
            scan = fact.message
            names = scan.plc, tuple(scan.values)
            if names not in self._layouts:
                ids = [self._number(cursor, fact, name, kind_of(value)) for name, value in scan.values.items()]
                self._layouts[names] = Layout(ids)
            for name in scan.bad:
                if (scan.plc, name) not in self._ids:
                    self._number(cursor, fact, name, None)

    def _rows(self, fact: Fact[TagBatch]) -> bytes:
        scan, at, claimed = fact.message, fact.at, fact.claimed_at
        layout = self._layouts[scan.plc, tuple(scan.values)]
        good = layout.rows(at, list(scan.values.values()), claimed) if not scan.uncertain else _doubted(layout, fact)
        bad = (
            row(at, self._ids[scan.plc, name], (None, None), why, claimed_at=claimed) for name, why in scan.bad.items()
        )
        return good + b"".join(bad) if scan.bad else good

    def _number(self, cursor: Cursor, fact: Fact[TagBatch], name: str, kind: str | None) -> int:
        scan = fact.message
        found = cursor.execute(_TAG, (scan.plc, scan.group, name, kind, fact.at)).fetchone()
        assert found is not None
        self._ids[scan.plc, name] = found[0]
        return int(found[0])


def _doubted(layout: Layout, fact: Fact[TagBatch]) -> bytes:
    scan = fact.message
    return b"".join(
        row(fact.at, tag, split(value), None, scan.uncertain.get(name), claimed_at=fact.claimed_at)
        for tag, (name, value) in zip(layout.tags, scan.values.items(), strict=True)
    )


def kind_of(value: Scalar) -> str:
    """`number`, `boolean` or `text`."""
    if isinstance(value, bool):
        return "boolean"
    return "text" if isinstance(value, str) else "number"
