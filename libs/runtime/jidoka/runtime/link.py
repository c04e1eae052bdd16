"""What the bus needs from a connection to a broker; paho and the broker of tests both give it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

from jidoka.schemas import Packet

WINDOW = 100


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One PUBLISH to the broker. `expiry` in seconds."""

    packet: Packet
    qos: int = 1
    retain: bool = False
    expiry: int | None = None


@dataclass(frozen=True, slots=True)
class Incoming:
    """One PUBLISH from the broker, not decoded. `generation` numbers the connection that it came by."""

    packet: Packet
    qos: int = 0
    mid: int = 0
    generation: int = 0
    again: bool = False
    retained: bool = False
    received_at: datetime = field(default_factory=lambda: datetime.now(UTC))


@dataclass(frozen=True, slots=True)
class Subscription:
    """One topic filter. Control messages go to the sender, all others to the inbox."""

    filter: str
    qos: int = 1
    control: bool = False


@dataclass(frozen=True, slots=True)
class Opened:
    """Connected, and the broker has answered every subscription. Limits are the broker's, from its CONNACK."""

    max_packet: int | None = None
    max_inflight: int = 65_535


@dataclass(frozen=True, slots=True)
class Closed:
    """The connection is gone. `too_large` when the broker closed it for a packet beyond its limit (0x95)."""

    reason: str
    too_large: bool = False


@dataclass(frozen=True, slots=True)
class Acked:
    """The broker answered a PUBLISH; `code` is the MQTT 5 reason code of its PUBACK."""

    token: int
    code: int = 0
    reason: str = "Success"


@dataclass(frozen=True, slots=True)
class Control:
    """A message for the sender itself: a receipt, or the status of a historian."""

    packet: Packet


Event = Opened | Closed | Acked | Control


def packet_size(outgoing: Outgoing) -> int:
    """Bytes of the PUBLISH packet at most (MQTT 5.0, 3.3)."""
    packet = outgoing.packet
    texts = [packet.topic, packet.content_type or "", *(text for pair in packet.properties for text in pair)]
    frame = 1 + 4 + 2 + 4 + 5 + 3  # type, remaining length, packet id, property length, expiry, content type
    return frame + sum(len(text.encode()) + 3 for text in texts) + len(packet.payload)


class Link(Protocol):
    """A connection that is made again for as long as it takes, and renews its subscriptions each time."""

    connected: bool

    def subscribe(self, subscriptions: Sequence[Subscription]) -> None:
        """Remembers topic filters, and subscribes them now if connected."""

    def settled(self) -> bool:
        """Whether it is connected and the broker has answered every subscription, those added later included."""

    def send(self, outgoing: Outgoing) -> int | None:
        """Hands one message over; the token of its Acked event, or None when the connection is away."""

    def acknowledge(self, deliveries: Sequence[Incoming]) -> int:
        """Acknowledges in this order; skips those of an earlier connection and returns how many."""

    def trouble(self) -> str | None:
        """Why it does not work now, or None."""
