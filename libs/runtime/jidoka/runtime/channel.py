"""The bus as a service sees it, over any link: subscribe, batch, publish."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from jidoka.runtime import metrics
from jidoka.runtime.ahead import Ahead
from jidoka.runtime.batch import Batch, Delivery, delivery
from jidoka.runtime.custody import KEEPER, Custodian
from jidoka.runtime.inbox import Inbox
from jidoka.runtime.journal import Journal
from jidoka.runtime.link import Link, Outgoing, Subscription
from jidoka.runtime.outbox import Outbox
from jidoka.runtime.sender import Sender
from jidoka.schemas import Carriage, Message, Packet, Receipt, Scope, ServiceStatus, encode

MOST_PROPERTY_BYTES = 65_535
OUTBOX_BYTES = 512 * 2**20


class Channel:
    """What Bus and FakeBus share. `outbox` is None without a journal."""

    def __init__(self, link: Link, scope: Scope, service: str, instance: str, version: str,  # noqa: PLR0917
                 journal: Journal | None, receive_maximum: int, outbox_bytes: int,
                 clock: Callable[[], float] = time.monotonic) -> None:  # fmt: skip
        self.scope, self.service, self.instance, self.version = scope, service, instance, version
        self._link, self._journal = link, journal
        self.outbox = Outbox(journal, scope, instance, outbox_bytes, clock) if journal else None
        self._custodian = Custodian(self.outbox, scope) if self.outbox else None
        self._sender = Sender(link, self._custodian, self._hello, clock)
        self._inbox = Inbox(receive_maximum)
        self._ahead = Ahead(self._inbox.take)
        self._kept: list[Delivery] = []
        self._leaving = False
        if self.outbox:
            self.outbox.appended = self._sender.wake
            receipts = scope.filter(Receipt, source=instance)
            keepers = scope.filter(ServiceStatus, service=KEEPER)
            link.subscribe([Subscription(receipts, 0, control=True), Subscription(keepers, 0, control=True)])

    @property
    def connected(self) -> bool:
        """Whether the broker is there and has answered our subscriptions."""
        return self._link.connected

    def subscribe(self, *classes: type[Message], share: str | None = None, **address: str) -> None:
        """Subscribes to message classes; `address` narrows their topics, such as station="AOI1".

        `share`: among all that give the same name, one gets each message. Raises ValueError for a place that a class's
        topic does not have.
        """
        prefix = f"$share/{share}/" if share else ""
        self._link.subscribe([Subscription(prefix + self.scope.filter(cls, **address), cls.qos) for cls in classes])

    def subscribe_repeats(self) -> None:
        """Subscribes to what publishers send again for want of a receipt: for the historian alone."""
        self._link.subscribe([Subscription(self.scope.repeats())])

    @contextmanager
    def batch(self, up_to: int, within: float, *, ahead: bool = False) -> Iterator[Batch]:
        """Yields up to `up_to` deliveries; waits until there are so many, or `within` seconds. May be empty.

        Leaving the block well acknowledges them in order. Leaving it by an exception keeps them: the next batch yields
        the same ones again, first. For one thread. Raises RuntimeError when a thread of the bus is dead.
        `ahead`: while the block works on a full batch, the next one is decoded on another thread.
        """
        self.require_alive()
        self._kept += self._ahead.collect()
        wait = 0.0 if self._kept else within
        room = up_to - len(self._kept)
        self._kept += [delivery(incoming) for incoming in self._inbox.take(room, wait)] if room > 0 else []
        batch = Batch(self._kept[:up_to])
        if ahead and len(self._kept) == up_to:
            self._ahead.begin(up_to)
        yield batch
        del self._kept[: len(batch)]
        stale = self._link.acknowledge([done.incoming for done in batch if done.incoming.qos])
        metrics.STALE_ACKS.inc(stale)

    def publish(self, message: Message, traceparent: str | None = None) -> None:
        """Publishes by the message's class. Thread safe.

        A record is durable when this returns; within a transaction of the bus's journal it is so, and is sent, when
        that is committed. A state is retained, and published again on each connect. A stream is sent at best effort.
        Raises OutboxFull, JournalUnavailable; ValueError for a record on a bus without a journal.
        """
        self.require_alive()
        if message.carriage is Carriage.RECORD:
            if self.outbox is None:
                raise ValueError(f"{type(message).__name__} is a record and this bus has no journal")
            self.outbox.add(message, traceparent)
            return
        packet = _checked(encode(message, self.scope, traceparent=traceparent))
        outgoing = Outgoing(packet, message.qos, message.retain, message.expiry)
        offer = self._sender.state if message.carriage is Carriage.STATE else self._sender.stream
        self._after_commit(lambda: offer(outgoing))

    def retract(self, message: Message) -> None:
        """Clears what is retained on the message's topic."""
        empty = Outgoing(Packet(self.scope.topic(message), b"", None), 1, retain=True)
        self._after_commit(lambda: self._sender.state(empty))

    def trouble(self) -> str | None:
        """What is wrong now, or None: for /readyz."""
        return self._link.trouble() or self._sender.trouble()

    def alive(self) -> bool:
        """Whether the bus's threads run: for /healthz."""
        return True

    def require_alive(self) -> None:
        """Raises RuntimeError when the bus is dead: the process must end and start anew."""
        if not self.alive():
            raise RuntimeError("the bus's thread has died; see the log")

    def settled(self, within: float) -> bool:
        """Waits until connected and every subscription is answered; whether it is so within that many seconds."""
        deadline = time.monotonic() + within
        while not self._link.settled() and time.monotonic() < deadline:
            time.sleep(0.005)
        return self._link.settled()

    def _flush(self, seconds: float) -> bool:
        """Waits until all is sent and answered; whether it is so."""
        deadline = time.monotonic() + seconds
        while self.connected and self.alive() and not self._sender.idle() and time.monotonic() < deadline:
            time.sleep(0.005)
        return self.connected and self._sender.idle()

    def _hello(self) -> Outgoing:
        return self._status(online=not self._leaving)

    def _status(self, *, online: bool) -> Outgoing:
        status = ServiceStatus(
            service=self.service, instance=self.instance, online=online, version=self.version, at=datetime.now(UTC)
        )
        return Outgoing(encode(status, self.scope), 1, retain=True)

    def _after_commit(self, offer: Callable[[], None]) -> None:
        # within a transaction of our journal it goes out with the records, or, rolled back, not at all
        if self._journal:
            self._journal.after_commit(offer)
        else:
            offer()


def _checked(packet: Packet) -> Packet:
    for name, value in packet.properties:
        if len(value.encode()) > MOST_PROPERTY_BYTES:
            raise ValueError(f"{packet.topic}: the user property {name} is longer than {MOST_PROPERTY_BYTES} bytes")
    return packet
