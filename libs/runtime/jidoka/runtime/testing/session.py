"""What the broker in memory knows of one client: subscriptions, waiting messages, unacknowledged ones."""

import itertools
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Protocol

from jidoka.runtime.link import Incoming, Subscription
from jidoka.schemas import Packet


class Client(Protocol):
    """The connected end of a session."""

    generation: int

    def deliver(self, incoming: Incoming, subscription: Subscription) -> None:
        """Takes one message."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A message that the session holds; `expires` by the broker's clock."""

    packet: Packet
    subscription: Subscription
    qos: int
    retained: bool = False
    expires: float | None = None
    again: bool = False


@dataclass(slots=True)
class Session:
    """Bounded in flight by the client's Receive Maximum; `keeps`: it outlives the connection."""

    keeps: bool
    receive_maximum: int
    clock: Callable[[], float]
    client: Client | None = None
    subscriptions: dict[str, Subscription] = field(default_factory=dict)
    waiting: deque[Waiting] = field(default_factory=deque)
    unacked: dict[int, Waiting] = field(default_factory=dict)
    _mids: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    def offer(self, message: Waiting) -> None:
        """Delivers it, keeps it for later, or drops it, as MQTT has it."""
        if message.qos or self.client:
            self.waiting.append(message)
            self.flush()

    def flush(self) -> None:
        """Delivers what may be delivered now."""
        while self.client and self.waiting and len(self.unacked) < self.receive_maximum:
            message = self.waiting.popleft()
            if message.expires is not None and self.clock() >= message.expires:
                continue
            mid = next(self._mids) if message.qos else 0
            if message.qos:
                self.unacked[mid] = message
            incoming = Incoming(
                message.packet, message.qos, mid, self.client.generation, message.again, message.retained
            )
            self.client.deliver(incoming, message.subscription)

    def acknowledge(self, mid: int) -> None:
        """The client is done with one message."""
        self.unacked.pop(mid, None)
        self.flush()

    def detach(self) -> None:
        """The connection is gone: what was not acknowledged will come again, first."""
        self.client = None
        again = [replace(message, again=True) for message in self.unacked.values()]
        self.unacked.clear()
        self.waiting = deque([*again, *(message for message in self.waiting if message.qos)])

    def forget(self) -> None:
        """Nothing of it is left."""
        self.subscriptions.clear()
        self.waiting.clear()
        self.unacked.clear()
        self._mids = itertools.count(1)
