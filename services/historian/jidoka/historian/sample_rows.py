"""Samples as PostgreSQL's binary COPY rows (manual of COPY, "Binary Format"): a whole scan of numbers in one pack."""

import struct
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from jidoka.schemas import Scalar

HEADER = b"PGCOPY\n\xff\r\n\0" + struct.pack(">ii", 0, 0)
TRAILER = struct.pack(">h", -1)
COLUMNS = "at, value, tag_id, text, bad, claimed_at, uncertain"

_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_ABSENT = struct.pack(">i", -1)
_FIELDS = 11  # column count, then length and value of at, value and tag_id, then four absent columns
_NUMBER = "hiqidiiiiii"
_EXACT = 2**53
_NUMBERS = frozenset({float, int, bool})


class Layout:
    """The tags of one kind of scan, in order, and the packing of their rows when all values are numbers."""

    def __init__(self, tags: Sequence[int]) -> None:
        self.tags = tuple(tags)
        self._struct = struct.Struct(">" + _NUMBER * len(tags))
        self._fields: list[float] = [one for tag in tags for one in (7, 8, 0, 8, 0.0, 4, tag, -1, -1, -1, -1)]

    def rows(self, at: datetime, values: Sequence[Scalar], claimed_at: datetime | None) -> bytes:
        """The rows of one scan; the values are in the order of the tags."""
        if claimed_at is None and plain(values):
            self._fields[2::_FIELDS] = [_microseconds(at)] * len(values)
            self._fields[4::_FIELDS] = values  # type: ignore[assignment]
            return self._struct.pack(*self._fields)
        return b"".join(
            row(at, tag, split(value), claimed_at=claimed_at) for tag, value in zip(self.tags, values, strict=True)
        )


def row(
    at: datetime,
    tag: int,
    good: tuple[float | None, str | None],
    bad: str | None = None,
    uncertain: str | None = None,
    *,
    claimed_at: datetime | None,
) -> bytes:
    """One row of any kind."""
    value, text = good
    number = _ABSENT if value is None else struct.pack(">id", 8, value)
    claimed = _ABSENT if claimed_at is None else struct.pack(">iq", 8, _microseconds(claimed_at))
    head = struct.pack(">hiq", 7, 8, _microseconds(at))
    return b"".join((head, number, struct.pack(">ii", 4, tag), _text(text), _text(bad), claimed, _text(uncertain)))


def plain(values: Iterable[Scalar]) -> bool:
    """Whether all are numbers that a double holds exactly."""
    kinds = set(map(type, values))
    if not kinds <= _NUMBERS:
        return False
    return int not in kinds or all(type(value) is not int or -_EXACT <= value <= _EXACT for value in values)


def split(value: Scalar) -> tuple[float | None, str | None]:
    """The number and the text that stand for a value; an integer too long for a double has both."""
    if isinstance(value, str):
        return None, value
    return float(value), str(value) if isinstance(value, int) and abs(value) > _EXACT else None


def _text(text: str | None) -> bytes:
    if text is None:
        return _ABSENT
    encoded = text.encode()
    return struct.pack(">i", len(encoded)) + encoded


def _microseconds(at: datetime) -> int:
    passed = at - _EPOCH
    return (passed.days * 86_400 + passed.seconds) * 1_000_000 + passed.microseconds
