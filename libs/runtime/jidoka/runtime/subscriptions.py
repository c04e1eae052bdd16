"""Which topic filters are wanted, asked for and answered on the connection of now."""

from collections.abc import Sequence

from jidoka.runtime.link import Subscription
from jidoka.runtime.logs import log

FAILED = 0x80


class Subscriptions:
    """`want` is thread safe; all else belongs to the network thread."""

    def __init__(self) -> None:
        self.denied: set[str] = set()
        self._wanted: dict[str, Subscription] = {}
        self._subscribed: set[str] = set()
        self._asked: dict[int, list[Subscription]] = {}

    def want(self, subscriptions: Sequence[Subscription]) -> None:
        """Adds filters, each once: a filter subscribed twice may be delivered twice."""
        for subscription in subscriptions:
            self._wanted.setdefault(subscription.filter, subscription)

    def connected(self) -> None:
        """A new connection: everything must be asked for again."""
        self._subscribed, self._asked, self.denied = set(), {}, set()

    def missing(self) -> list[list[Subscription]]:
        """What is not asked for yet, those for the sender and those for the inbox apart."""
        missing = [wanted for topic, wanted in list(self._wanted.items()) if topic not in self._subscribed]
        groups = [[wanted for wanted in missing if wanted.control is control] for control in (True, False)]
        return [group for group in groups if group]

    def asked(self, mid: int, group: list[Subscription]) -> None:
        """A SUBSCRIBE packet was sent."""
        self._asked[mid] = group
        self._subscribed.update(subscription.filter for subscription in group)

    def answered(self, mid: int, codes: Sequence[tuple[int, str]]) -> None:
        """A SUBACK came, with a reason code for each filter."""
        for subscription, (code, reason) in zip(self._asked.pop(mid, []), codes, strict=False):
            if code >= FAILED:
                self.denied.add(subscription.filter)
                log.error("subscribe_denied", filter=subscription.filter, reason=reason)

    def settled(self) -> bool:
        """Whether every wanted filter is asked for and answered."""
        return not self._asked and self._wanted.keys() <= self._subscribed
