"""Take the parts of one station from the controller's ring, each exactly once."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

from jidoka.plc_gateway.conditions import Alarm, Conditions
from jidoka.plc_gateway.contract import StationTags
from jidoka.plc_gateway.decide import Visit
from jidoka.plc_gateway.desk import Arrival, Desk
from jidoka.plc_gateway.ledger import Counter
from jidoka.plc_gateway.line import Station
from jidoka.plc_gateway.metrics import PARTS, PARTS_MISSED
from jidoka.plc_gateway.parts import RING, PartRecord, after, distance, plan, whole
from jidoka.plc_gateway.plc import Writer
from jidoka.runtime.logs import log
from jidoka.schemas import PartArrived, PartsMissed, Severity, new_id

_TRIES = 5
_BEFORE = "the controller counted them before the gateway's first start"
_GONE = "the controller's ring holds 16 parts and had gone on"


class Intake:
    """Follows the counter of one station; the position survives in the journal."""

    def __init__(self, station: Station, desk: Desk, conditions: Conditions) -> None:
        self.station, self.tags = station, StationTags(station.tag)
        self._desk, self._conditions = desk, conditions
        self._counter = desk.books.ledger.counter(station.name)
        self._unready: tuple[int, int] = (0, 0)

    @property
    def epoch(self) -> int:
        """Which count of the controller this is; orders of an earlier one are void."""
        return self._counter.epoch if self._counter else 1

    def take(self, link: Writer, shown: int) -> None:
        """Take what came up to the counter value `shown`. Raises LinkError, TransientError; then nothing was taken."""
        first = self._counter is None
        known = self._counter or Counter(1, 0)
        drain = plan(known.last, shown)
        # Old verdicts in the controller's ring must not meet new parts of the same number.
        if drain.reset or first:
            link.write([(path, 0) for slot in range(RING) for path in self.tags.verdict(slot)])
        if drain.reset:
            log.warning("counter_reset", station=self.station.name, last=known.last, counter=shown)
            known = Counter(known.epoch + 1, 0)
        records, gone, last = self._read(link, drain.wanted, drain.missed[1] if drain.missed else known.last)
        if Counter(known.epoch, last) == self._counter:
            return
        ranges = [drain.missed, *_ranges(gone)] if drain.missed else list(_ranges(gone))
        missed = [self._missed(begin, end, _BEFORE if first else _GONE) for begin, end in ranges]
        arrivals = [self._arrival(record) for record in records]
        self._desk.arrive(self.station.name, Counter(known.epoch, last), arrivals, missed)
        self._counter = Counter(known.epoch, last)
        self._tell(arrivals, missed, first)

    def _read(self, link: Writer, wanted: Sequence[int], last: int) -> tuple[list[PartRecord], list[int], int]:
        """The whole records in order, the sequences that are gone, and the last sequence dealt with."""
        records, gone = [], []
        readings = link.read([self.tags.record(sequence) for sequence in wanted])
        for sequence, reading in zip(wanted, readings, strict=True):
            raw = reading.value if isinstance(reading.value, Mapping) else None
            record = whole(raw, sequence) if raw is not None else None
            if record is not None:
                records.append(record)
            elif self._worth_waiting(sequence, raw):
                break
            else:
                gone.append(sequence)
            last = sequence
        return records, gone, last

    def _worth_waiting(self, sequence: int, raw: Mapping[str, object] | None) -> bool:
        """A record that is being written is read again at the next polls; one that another part took is gone."""
        if raw is not None and raw["Sequence"] not in (0, sequence) and raw["Check"] == raw["Sequence"]:
            return False
        tries = self._unready[1] + 1 if self._unready[0] == sequence else 1
        self._unready = (sequence, tries)
        return tries <= _TRIES

    def _arrival(self, record: PartRecord) -> Arrival:
        station = self.station
        left = max(0.0, station.deadline_ms - record.age_ms) / 1000
        seen = datetime.now(UTC)
        visit = Visit(new_id(), station.name, station.plc, record.sequence, record.serial, seen)
        message = PartArrived(
            part_id=visit.part_id,
            station=station.name,
            plc=station.plc,
            counter=record.sequence,
            serial=record.serial,
            sku=record.sku,
            batch=record.batch,
            cycle_time_ms=record.cycle_time_ms,
            arrived_at=seen,
            deadline_ms=left * 1000,
            replayed=left == 0,
        )
        return Arrival(visit, message, left)

    def _missed(self, first: int, last: int, reason: str) -> PartsMissed:
        return PartsMissed(
            missed_id=new_id(),
            station=self.station.name,
            plc=self.station.plc,
            first=first,
            last=last,
            count=distance(first, last) + 1,
            at=datetime.now(UTC),
            reason=reason,
        )

    def _tell(self, arrivals: Sequence[Arrival], missed: Sequence[PartsMissed], first: bool) -> None:
        name = self.station.name
        PARTS.labels(name).inc(len(arrivals))
        count = 0 if first else sum(record.count for record in missed)
        PARTS_MISSED.labels(name).inc(count)
        text = f"{count} parts passed station {name} without a record" if count else ""
        if arrivals or count:
            self._conditions.report(bool(count), Alarm("parts-missed", name, Severity.HIGH, text, name))


def _ranges(sequences: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Neighbouring sequences joined: (first, last)."""
    start: int | None = None
    for index, sequence in enumerate(sequences):
        start = sequence if start is None else start
        if index + 1 == len(sequences) or sequences[index + 1] != after(sequence):
            yield start, sequence
            start = None
