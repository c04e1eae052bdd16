"""When a condition becomes true or false: comparison with hysteresis, on-delay, off-delay. Pure."""

import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from jidoka.schemas import Scalar

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
}


@dataclass(frozen=True, slots=True)
class Limit:
    """A comparison of one value; once true it stays true until the value is `hysteresis` back inside."""

    op: str
    value: Scalar
    hysteresis: float = 0.0

    def holds(self, value: Scalar, active: bool) -> bool:
        """Whether the condition is true of `value`, given whether it was true before."""
        if isinstance(value, str) != isinstance(self.value, str):
            return False
        limit: Any = self.value
        if active and self.hysteresis and not isinstance(limit, str):
            limit = limit - self.hysteresis if self.op in (">", ">=") else limit + self.hysteresis
        return _COMPARE[self.op](value, limit)


@dataclass(slots=True)
class Latch:
    """Turns a chattering truth into few changes: true for `on_delay` raises, false for `off_delay` clears (seconds)."""

    on_delay: float = 0.0
    off_delay: float = 0.0
    active: bool = False
    _since: float | None = None

    def feed(self, now: float, truth: bool | None) -> bool | None:
        """The new state when it changes at `now`, else None. An unknown truth changes nothing and waits."""
        if truth is None or truth == self.active:
            self._since = None
            return None
        if self._since is None:
            self._since = now
        if now - self._since < (self.on_delay if truth else self.off_delay):
            return None
        self.active, self._since = truth, None
        return truth
