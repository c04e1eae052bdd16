"""Faults in the replies: late, lost, cut, dribbled or refused. Each holds until cleared or for the next n requests."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from enum import StrEnum

from jidoka.simulator.logix.status import Status


class Effect(StrEnum):
    """What happens to a reply; the request itself is carried out, except when it is refused."""

    DELAY = "delay"
    DROP = "drop"
    CLOSE_BEFORE = "close_before"
    CLOSE_MIDWAY = "close_midway"
    DRIBBLE = "dribble"
    REFUSE = "refuse"


@dataclass
class Rule:
    """A fault that is on. `times` None is until cleared; `service` None is every CIP request.

    `amount` is seconds for DELAY, bytes at a time for DRIBBLE, the general status for REFUSE, otherwise 0.
    """

    effect: Effect
    times: int | None
    service: int | None
    amount: float = 0


class ReplyFaults:
    """The faults of this kind that are on; all methods may be called from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rules: list[Rule] = []

    def delay(self, seconds: float, times: int | None = None, service: int | None = None) -> None:
        """Send replies `seconds` late; the next request of that client is read only after that."""
        self._add(Rule(Effect.DELAY, times, service, seconds))

    def drop(self, times: int | None = None, service: int | None = None) -> None:
        """Carry requests out but never answer."""
        self._add(Rule(Effect.DROP, times, service))

    def close_before(self, times: int | None = None, service: int | None = None) -> None:
        """Carry requests out, then close the TCP connection instead of answering."""
        self._add(Rule(Effect.CLOSE_BEFORE, times, service))

    def close_midway(self, times: int | None = None, service: int | None = None) -> None:
        """Close the TCP connection after the header and half of the rest of the reply."""
        self._add(Rule(Effect.CLOSE_MIDWAY, times, service))

    def dribble(self, size: int, times: int | None = None, service: int | None = None) -> None:
        """Send replies `size` bytes at a time, each its own TCP segment."""
        if size < 1:
            raise ValueError(f"cannot send {size} bytes at a time")
        self._add(Rule(Effect.DRIBBLE, times, service, size))

    def refuse(self, service: int, status: int = Status.UNSUPPORTED_SERVICE, times: int | None = None) -> None:
        """Answer a service with an error status, e.g. 0x0A or 0x5B as old firmware does; it is not carried out."""
        self._add(Rule(Effect.REFUSE, times, service, status))

    def clear(self) -> None:
        """End all faults of this kind."""
        with self._lock:
            self._rules.clear()

    def active(self) -> list[Rule]:
        """The faults that are on now, with how often each still applies."""
        with self._lock:
            return [Rule(rule.effect, rule.times, rule.service, rule.amount) for rule in self._rules]

    def refusal(self, service: int) -> int | None:
        """The status to refuse this request with, or None; counts as one use."""
        rules = self._use(service, refusing=True)
        return int(rules[0].amount) if rules else None

    def effects(self, service: int) -> list[Rule]:
        """What to do to the reply to this request, in the order in which it was asked for; counts as one use."""
        return self._use(service, refusing=False)

    def _add(self, rule: Rule) -> None:
        if rule.times is not None and rule.times < 1:
            raise ValueError(f"{rule.effect}: times must be at least 1, not {rule.times}")
        with self._lock:
            self._rules.append(rule)

    def _use(self, service: int, refusing: bool) -> list[Rule]:
        if not self._rules:
            return []
        with self._lock:
            used = [
                rule
                for rule in self._rules
                if (rule.effect == Effect.REFUSE) == refusing and rule.service in (None, service)
            ]
            for rule in used:
                if rule.times is not None:
                    rule.times -= 1
            self._rules = [rule for rule in self._rules if rule.times != 0]
            return used
