"""From the controller's part counter to the parts that came: pure arithmetic on the ring of part records."""

from collections.abc import Mapping
from dataclasses import dataclass

from jidoka.plc_gateway.values import Value

RING = 16
LAST = 2**31 - 1
_WRAP_WINDOW = 10_000


@dataclass(frozen=True, slots=True)
class Drain:
    """What a new counter value asks for.

    `wanted` are the sequences to read, oldest first; `missed` is the first and last sequence that the ring no longer
    has; `reset` says that the controller began to count anew.
    """

    wanted: tuple[int, ...] = ()
    missed: tuple[int, int] | None = None
    reset: bool = False


@dataclass(frozen=True, slots=True)
class PartRecord:
    """One whole record of the ring."""

    sequence: int
    serial: str | None
    sku: str | None
    batch: str | None
    cycle_time_ms: float | None
    age_ms: int


def after(sequence: int) -> int:
    """The next sequence: 1 follows 2^31-1, 0 means none."""
    return 1 if sequence >= LAST else sequence + 1


def distance(first: int, last: int) -> int:
    """How many parts came after `first` up to `last`, over the wrap."""
    return last - first if last >= first else LAST - first + last


def plan(last: int, counter: int) -> Drain:
    """What to read when the counter shows `counter` and `last` was the last part taken (0: none of this epoch).

    A smaller counter is a wrap when that explains it with few parts, otherwise a reset, and then the controller has
    counted `counter` parts since.
    """
    if counter == last:
        return Drain()
    if counter < last and distance(last, counter) > _WRAP_WINDOW:
        fresh = plan(0, counter)
        return Drain(fresh.wanted, fresh.missed, reset=True)
    came = distance(last, counter)
    wanted = tuple(_back(counter, steps) for steps in range(min(came, RING) - 1, -1, -1))
    missed = (after(last), _back(wanted[0], 1)) if came > RING else None
    return Drain(wanted, missed)


def _back(sequence: int, steps: int) -> int:
    return sequence - steps if sequence > steps else sequence - steps + LAST


def whole(raw: Mapping[str, Value], sequence: int) -> PartRecord | None:
    """The record, if it is the one of `sequence` and was written to the end (its check says so, read last)."""
    if raw["Sequence"] != sequence or raw["Check"] != sequence:
        return None
    cycle, age = raw["CycleTimeMs"], raw["AgeMs"]
    return PartRecord(
        sequence=sequence,
        serial=_label(raw["Serial"]),
        sku=_label(raw["Sku"]),
        batch=_label(raw["Batch"]),
        cycle_time_ms=float(cycle) if isinstance(cycle, int) and 0 <= cycle <= 86_400_000 else None,
        age_ms=max(0, age) if isinstance(age, int) else 0,
    )


def _label(value: Value) -> str | None:
    text = "".join(letter if letter.isprintable() else "?" for letter in str(value)).strip()
    return text[:82] or None
