"""A batch of deliveries, decoded."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import overload

from jidoka.runtime import metrics
from jidoka.runtime.link import Incoming
from jidoka.runtime.logs import log
from jidoka.schemas import MESSAGES, Custody, Message, Packet, SchemaError, custody_of, decode

_KNOWN = {cls.__name__ for cls in MESSAGES}


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message as it came. Exactly one of `message` and `error` is set.

    `custody` is its identity as a record, if it has one (an undecodable record may, too). `again`: the broker says that
    it may have been delivered before. `retained`: it is the kept state of its topic, not news.
    """

    packet: Packet
    received_at: datetime
    message: Message | None
    error: SchemaError | None
    custody: Custody | None
    again: bool
    retained: bool
    incoming: Incoming


class Batch(Sequence[Delivery]):
    """Deliveries in the order in which they came."""

    def __init__(self, deliveries: Sequence[Delivery]) -> None:
        self._deliveries = tuple(deliveries)

    @property
    def messages(self) -> Iterator[Message]:
        """What could be decoded."""
        return (delivery.message for delivery in self._deliveries if delivery.message is not None)

    @overload
    def __getitem__(self, index: int) -> Delivery: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Delivery]: ...
    def __getitem__(self, index: int | slice) -> Delivery | Sequence[Delivery]:
        return self._deliveries[index]

    def __len__(self) -> int:
        return len(self._deliveries)


def delivery(incoming: Incoming) -> Delivery:
    """Decodes; what cannot be decoded is counted and logged."""
    packet = incoming.packet
    message, custody, error = None, None, None
    try:
        custody = custody_of(packet)
        message = decode(packet)
    except SchemaError as reason:
        error = reason
        metrics.BAD_MESSAGES.labels(reason.schema if reason.schema in _KNOWN else "other").inc()
        log.warning("bad_message", topic=packet.topic, reason=str(reason))
    return Delivery(packet, incoming.received_at, message, error, custody, incoming.again, incoming.retained, incoming)
