"""Messages and receipts for the tests of the runtime."""

import itertools
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from jidoka.runtime.journal import Journal
from jidoka.schemas import Custody, Evidence, PartArrived, Receipt, Scalar, Stream, TagBatch, Verdict, Watermark, new_id

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
_NUMBERS = itertools.count(1)


def part(station: str = "AOI1") -> PartArrived:
    return PartArrived(
        part_id=new_id(), station=station, plc="plc1", counter=next(_NUMBERS), arrived_at=AT, deadline_ms=4000.0
    )


def scan(size: int = 0) -> TagBatch:
    values: dict[str, Scalar] = {f"Text{number}": "x" * 490 for number in range(size // 500)}
    return TagBatch(plc="plc1", group="process", at=AT, scan_no=next(_NUMBERS), values=values)


def image(verdict: Verdict = Verdict.PASS, size: int = 1000) -> Evidence:
    return Evidence(
        frame_id=new_id(), inspection_id=new_id(), station="AOI1", camera="top", verdict=verdict, captured_at=AT,
        width=8, height=8, sha256="0" * 64, image=b"\xff" * size,
    )  # fmt: skip


def receipt(source: str, custodies: Iterable[Custody]) -> Receipt:
    """What a historian that has committed these would publish."""
    seqs: dict[tuple[Stream, str], set[int]] = {}
    for custody in custodies:
        seqs.setdefault((custody.stream, custody.epoch), set()).add(custody.seq)
    marks = []
    for (stream, epoch), held in seqs.items():
        upto = next(seq for seq in itertools.count() if seq + 1 not in held)
        extras = tuple(sorted(seq for seq in held if seq > upto))
        marks.append(Watermark(stream=stream, epoch=UUID(epoch), upto=upto, extras=extras))
    return Receipt(source=source, watermarks=tuple(marks), at=AT)


class Make:
    """Builders, as a fixture: test files cannot import each other."""

    part = staticmethod(part)
    scan = staticmethod(scan)
    image = staticmethod(image)
    receipt = staticmethod(receipt)


@pytest.fixture
def make() -> type[Make]:
    return Make


@pytest.fixture
def new_journal(tmp_path: Path) -> Iterator[Callable[[str], Journal]]:
    opened: list[Journal] = []

    def open_journal(name: str = "journal") -> Journal:
        opened.append(Journal(tmp_path / f"{name}.sqlite"))
        return opened[-1]

    yield open_journal
    for journal in opened:
        journal.close()
