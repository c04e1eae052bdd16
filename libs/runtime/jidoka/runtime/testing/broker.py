"""An MQTT broker of plain Python objects."""

import threading

from jidoka.runtime.link import Outgoing, Subscription
from jidoka.runtime.testing.session import Session, Waiting
from jidoka.schemas import Message, Packet, SchemaError, decode, matches

NOT_AUTHORIZED, NO_SUBSCRIBERS = 0x87, 0x10


class FakeBroker:
    """Routes between FakeBus objects on the publisher's thread. Its clock stands still until `advance`.

    `published` is every packet that came, in order. `max_packet` (bytes) and `denied` (topic filters) make it refuse.
    """

    def __init__(self) -> None:
        self.published: list[Packet] = []
        self.retained: dict[str, Packet] = {}
        self.max_packet: int | None = None
        self.denied: set[str] = set()
        self.up, self.now = True, 1000.0
        self.lock = threading.RLock()
        self.links: list[Link] = []
        self._sessions: dict[str, Session] = {}
        self._turns: dict[str, int] = {}

    def messages(self, cls: type[Message] | None = None) -> list[Message]:
        """What was published so far, decoded, in order; of one class, if given."""
        found = [message for packet in list(self.published) if (message := _decoded(packet))]
        return [message for message in found if cls is None or isinstance(message, cls)]

    def advance(self, seconds: float) -> None:
        """Moves the clock, a second at a time, and lets every bus do what is due."""
        while seconds > 0:
            self.now += min(1.0, seconds)
            seconds -= 1.0
            for link in list(self.links):
                link.pump()

    def stop(self) -> None:
        """The broker dies: every bus loses its connection, no last will is published."""
        self.up = False
        for link in list(self.links):
            link.lose("connection lost")

    def start(self, *, forget: bool = True) -> None:
        """The broker is there again; with `forget`, without its sessions and retained messages."""
        self.up = True
        if forget:
            self.retained.clear()
            for session in self._sessions.values():
                session.forget()
        for link in list(self.links):
            link.open()

    def session(self, name: str, *, keeps: bool, receive_maximum: int) -> tuple[Session, bool]:
        """The session of a client that connects, and whether it was there before."""
        with self.lock:
            before = self._sessions.get(name)
            if before and before.keeps and keeps:
                before.receive_maximum = receive_maximum
                return before, bool(before.subscriptions)
            self._sessions[name] = Session(keeps, receive_maximum, lambda: self.now)
            return self._sessions[name], False

    def subscribe(self, session: Session, subscription: Subscription) -> None:
        """Adds a topic filter to a session and gives it what is retained there."""
        session.subscriptions[subscription.filter] = subscription
        if not subscription.filter.startswith("$share/"):
            for topic, packet in list(self.retained.items()):
                if matches(subscription.filter, topic):
                    session.offer(Waiting(packet, subscription, subscription.qos, retained=True))

    def publish(self, outgoing: Outgoing) -> int:
        """Routes one message; returns the reason code of its PUBACK."""
        packet = outgoing.packet
        with self.lock:
            if any(matches(denied, packet.topic) for denied in self.denied):
                return NOT_AUTHORIZED
            self.published.append(packet)
            if outgoing.retain and packet.payload:
                self.retained[packet.topic] = packet
            elif outgoing.retain:
                self.retained.pop(packet.topic, None)
            expires = None if outgoing.expiry is None else self.now + outgoing.expiry
            receivers = self._receivers(packet.topic)
            for session, subscription in receivers:
                session.offer(Waiting(packet, subscription, min(outgoing.qos, subscription.qos), expires=expires))
        return 0 if receivers else NO_SUBSCRIBERS

    def _receivers(self, topic: str) -> list[tuple[Session, Subscription]]:
        plain: list[tuple[Session, Subscription]] = []
        shared: dict[str, list[tuple[Session, Subscription]]] = {}
        for session in self._sessions.values():
            if session.client is None and not session.keeps:
                continue
            for subscription in session.subscriptions.values():
                levels = subscription.filter.split("/")
                if levels[0] == "$share" and matches("/".join(levels[2:]), topic):
                    shared.setdefault(subscription.filter, []).append((session, subscription))
                elif matches(subscription.filter, topic):
                    plain.append((session, subscription))
        for group, members in shared.items():
            turn = self._turns[group] = self._turns.get(group, -1) + 1
            plain.append(members[turn % len(members)])
        return plain


def _decoded(packet: Packet) -> Message | None:
    try:
        return decode(packet) if packet.payload else None
    except SchemaError:
        return None


class Link:
    """What the broker needs of a bus; see FakeLink."""

    def pump(self) -> None:
        """Lets the bus do what is due."""

    def lose(self, reason: str) -> None:
        """Ends its connection."""

    def open(self) -> None:
        """Connects it, if the broker is up."""
