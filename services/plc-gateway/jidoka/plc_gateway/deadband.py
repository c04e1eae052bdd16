"""Which values of a scan are worth sending: changed beyond their dead band, or silent for too long."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from jidoka.schemas import Scalar

NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Band:
    """A value is sent when it moved by more than `absolute` and by more than `percent` of the value last sent."""

    absolute: float = 0.0
    percent: float = 0.0


@dataclass(slots=True)
class Filter:
    """Report by exception for one group; `heartbeat` in seconds, `bands` by tag path. A tag without band always passes.

    Only values that were read in this scan pass through: a heartbeat repeats a value that was read again and did not
    move, never one that was not read.
    """

    heartbeat: float
    bands: dict[str, Band] = field(default_factory=dict)
    _sent: dict[str, tuple[float, Scalar, str | None]] = field(default_factory=dict)

    def pick(
        self, now: float, values: Mapping[str, Scalar], uncertain: Mapping[str, str] = NOTHING, slow: str | None = None
    ) -> dict[str, Scalar]:
        """The values to send at `now` (monotonic seconds); one that became uncertain, or certain, is sent too.

        `slow` is the doubt about this scan as a whole: it is no reason to send what did not move, but what is sent
        with it is sent again in the next scan without it.
        """
        if not self.bands:
            return dict(values)
        picked = {
            name: value for name, value in values.items() if self._due(now, name, value, (uncertain.get(name), slow))
        }
        self._sent.update((name, (now, value, uncertain.get(name, slow))) for name, value in picked.items())
        return picked

    def forget(self, names: Iterable[str]) -> None:
        """Tags that turned bad are sent again as soon as they are good."""
        for name in names:
            self._sent.pop(name, None)

    def _due(self, now: float, name: str, value: Scalar, doubts: tuple[str | None, str | None]) -> bool:
        band = self.bands.get(name)
        if band is None:
            return True
        sent = self._sent.get(name)
        if sent is None or now - sent[0] >= self.heartbeat or _moved(band, sent[1], value):
            return True
        own, slow = doubts
        return own != sent[2] and not (own is None and slow is not None and sent[2] == slow)


def _moved(band: Band, before: Scalar, now: Scalar) -> bool:
    if isinstance(before, bool | str) or isinstance(now, bool | str):
        return type(before) is not type(now) or before != now
    return abs(now - before) > max(band.absolute, abs(before) * band.percent / 100)
