"""What is counted of a span, in whole numbers, from roll-ups and from the parts that are not rolled up yet."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

CLASSES, FIRST_MS, WIDER = 40, 50.0, 1.25


@dataclass(slots=True)
class Sums:
    """Counts of one span. `histogram`: parts by class of cycle time, each 25 % wider than the last, from 50 ms."""

    parts: int = 0
    passed: int = 0
    failed: int = 0
    held: int = 0
    bypassed: int = 0
    first_visits: int = 0
    first_passed: int = 0
    false_calls: int = 0
    escaped: int = 0
    rework: int = 0
    scrap: int = 0
    cycles: int = 0
    cycle_ms_total: float = 0.0
    busy_minutes: int = 0
    unread: int = 0
    histogram: list[int] = field(default_factory=lambda: [0] * CLASSES)

    @property
    def produced(self) -> int:
        """Parts decided."""
        return self.passed + self.failed + self.held

    def add(self, row: Mapping[str, Any]) -> None:
        """Adds a row of the roll-ups, which has our names."""
        for one in fields(self):
            if one.name == "histogram":
                self.histogram = [a + int(b or 0) for a, b in zip(self.histogram, row["histogram"], strict=True)]
            elif row.get(one.name) is not None:
                setattr(self, one.name, getattr(self, one.name) + row[one.name])

    def add_parts(self, parts: Iterable[Mapping[str, Any]]) -> None:
        """Adds single parts: result, bypassed, disposition, cycle_time_ms, first, created_at."""
        minutes = set()
        for part in parts:
            self._add_part(part)
            minutes.add(part["created_at"].replace(second=0, microsecond=0))
        self.busy_minutes += len(minutes)

    def _add_part(self, part: Mapping[str, Any]) -> None:
        result, judged, cycle = part["result"], part["disposition"], part["cycle_time_ms"]
        self.parts += 1
        self.passed += result == "pass"
        self.failed += result == "fail"
        self.held += result == "held"
        self.bypassed += bool(part["bypassed"])
        self.first_visits += bool(part["first"]) and result is not None
        self.first_passed += bool(part["first"]) and result == "pass"
        self.false_calls += judged == "false_call"
        self.escaped += judged == "missed"
        self.rework += judged == "rework"
        self.scrap += judged == "scrap"
        if cycle is not None:
            self.cycles += 1
            self.cycle_ms_total += cycle
            self.histogram[_class(cycle)] += 1


def bound(number: int) -> float:
    """The upper bound of a histogram's class in ms, counted from 0."""
    return FIRST_MS * WIDER**number


def percentile(histogram: list[int], share: float) -> float | None:
    """The cycle time in ms below which that share lies, interpolated within its class; None when there is none."""
    total, reached = sum(histogram), 0
    for number, count in enumerate(histogram):
        if count and reached + count >= share * total:
            low = bound(number - 1) if number else 0.0
            return low + (bound(number) - low) * (share * total - reached) / count
        reached += count
    return None


def _class(ms: float) -> int:
    """As the database's histogram_class, counted from 0."""
    return min(max(math.floor(math.log(max(ms, 1.0) / FIRST_MS) / math.log(WIDER)) + 1, 0), CLASSES - 1)
