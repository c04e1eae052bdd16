"""A bus in memory: the real sender, outbox and inbox over a FakeBroker, all on the caller's thread."""

from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

from jidoka.runtime.channel import OUTBOX_BYTES, Channel
from jidoka.runtime.inbox import Inbox
from jidoka.runtime.journal import Journal
from jidoka.runtime.link import Acked, Closed, Control, Event, Incoming, Opened, Outgoing, Subscription
from jidoka.runtime.sender import Sender
from jidoka.runtime.testing.broker import FakeBroker, Link
from jidoka.schemas import Scope

SCOPE = Scope("demo", "line1")


class FakeBus(Channel):
    """Has the surface of Bus. What is published is delivered when `publish` returns.

    Times come from the broker's clock, except the waiting of `batch`.
    """

    def __init__(self, broker: FakeBroker, scope: Scope = SCOPE, service: str = "test", instance: str = "",  # noqa: PLR0917
                 version: str = "0", journal: Journal | None = None, session_expiry: int = 0,
                 receive_maximum: int = 100, outbox_bytes: int = OUTBOX_BYTES) -> None:  # fmt: skip
        name = instance or f"{service}-1"
        link = FakeLink(broker, name, session_expiry > 0, receive_maximum)
        super().__init__(
            link, scope, service, name, version, journal, receive_maximum, outbox_bytes, lambda: broker.now
        )
        link.attach(self._inbox, self._sender, lambda: self._status(online=False))
        self._fake = link
        self._sender.woken = link.pump

    def __enter__(self) -> Self:
        self._fake.enter()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._leaving = True
        self._sender.state(self._status(online=False))
        self._fake.leave("left")
        self._inbox.close()
        self._ahead.close()

    def die(self) -> None:
        """As by kill -9: the broker publishes the last will."""
        self._fake.leave("killed")
        self._fake.publish_will()

    def cut(self) -> None:
        """The connection breaks and is made again."""
        self._fake.lose("cut")
        self._fake.open()


class FakeLink(Link):
    """The client's end; everything happens under the broker's lock. `deaf`: it hears no answer until it reconnects."""

    def __init__(self, broker: FakeBroker, name: str, keeps: bool, receive_maximum: int) -> None:
        self.connected, self.generation, self.deaf = False, 0, False
        self._broker, self._name, self._keeps, self._receive_maximum = broker, name, keeps, receive_maximum
        self._wanted: dict[str, Subscription] = {}
        self._tokens = 0
        self._pumping = self._again = False

    def attach(self, inbox: Inbox, sender: Sender, will: Callable[[], Outgoing]) -> None:
        """Says where messages and events go, and what the last will is."""
        self._inbox, self._sender, self._will = inbox, sender, will

    def enter(self) -> None:
        """Joins the broker."""
        self._broker.links.append(self)
        self.open()

    def leave(self, reason: str) -> None:
        """Leaves the broker for good."""
        with self._broker.lock:
            if self in self._broker.links:
                self._broker.links.remove(self)
        self.lose(reason)

    def publish_will(self) -> None:
        """What the broker does when it finds the client dead."""
        self._broker.publish(self._will())

    def open(self) -> None:
        """Connects: renews the session and the subscriptions."""
        with self._broker.lock:
            if not self._broker.up:
                return
            self.generation += 1
            self._session, present = self._broker.session(
                self._name, keeps=self._keeps, receive_maximum=self._receive_maximum
            )
            if present:
                self._inbox.forget(self.generation)
            self.connected, self.deaf, self._session.client = True, False, self
            self._session.flush()
            for subscription in self._wanted.values():
                self._broker.subscribe(self._session, subscription)
            self._post(Opened(self._broker.max_packet))

    def lose(self, reason: str) -> None:
        """The connection is gone."""
        with self._broker.lock:
            if self.connected:
                self.connected = False
                self._session.detach()
                self._post(Closed(reason))

    def subscribe(self, subscriptions: Sequence[Subscription]) -> None:
        """Remembers topic filters, each once."""
        with self._broker.lock:
            for subscription in subscriptions:
                if subscription.filter not in self._wanted:
                    self._wanted[subscription.filter] = subscription
                    if self.connected:
                        self._broker.subscribe(self._session, subscription)

    def settled(self) -> bool:
        """Whether it is connected: the broker answers at once."""
        return self.connected

    def deliver(self, incoming: Incoming, subscription: Subscription) -> None:
        """One message from the broker."""
        if subscription.control:
            self._post(Control(incoming.packet))
        else:
            self._inbox.put(incoming)

    def send(self, outgoing: Outgoing) -> int | None:
        """One message to the broker."""
        if not self.connected:
            return None
        self._tokens += 1
        token = self._tokens
        code = self._broker.publish(outgoing)
        if not self.deaf:
            self._post(Acked(token, code))
        return token

    def acknowledge(self, deliveries: Sequence[Incoming]) -> int:
        """Acknowledges in order what came by this connection."""
        stale = 0
        with self._broker.lock:
            for incoming in deliveries:
                if self.connected and incoming.generation == self.generation:
                    self._session.acknowledge(incoming.mid)
                else:
                    stale += 1
        return stale

    def trouble(self) -> str | None:
        """Why it does not work now, or None."""
        return None if self.connected else "the broker is away"

    def pump(self) -> None:
        """Lets the sender work until nothing is left; a pump within a pump is left to the outer one."""
        with self._broker.lock:
            self._again = True
            if self._pumping:
                return
            self._pumping = True
            try:
                while self._again:
                    self._again = False
                    self._sender.step()
            finally:
                self._pumping = False

    def _post(self, event: Event) -> None:
        self._sender.post(event)
