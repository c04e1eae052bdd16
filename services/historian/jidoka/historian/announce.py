"""After a commit: receipts to the publishers, states and answers to the line, alarms about what was odd."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from jidoka.historian import metrics
from jidoka.historian.conditions import Conditions
from jidoka.historian.receipts import Receipts
from jidoka.historian.writer import Committed
from jidoka.schemas import Message, Severity


def announce(
    done: Iterable[Committed], receipts: Receipts, publish: Callable[[Message], None], conditions: Conditions
) -> None:
    """Publishes what the commits mean."""
    batches = list(done)
    sources = {key[0] for one in batches for key in one.claim.after}
    for receipt in receipts.of(sources, datetime.now(UTC)):
        publish(receipt)
    for one in batches:
        for message in one.effects.publish:
            publish(message)
        _warn(one, conditions)
    if batches:
        metrics.NEWEST_RECORD.set_to_current_time()


def _warn(done: Committed, conditions: Conditions) -> None:
    for lost in done.lost:
        conditions.happened(
            "records_lost",
            lost.source,
            Severity.HIGH,
            f"{lost.source} gave up {lost.last - lost.first + 1} records of {lost.lost_stream}: {lost.reason}",
        )
    for fact in done.moved:
        conditions.happened(
            "clock",
            fact.source,
            Severity.MEDIUM,
            f"{fact.source} sends records of {fact.claimed_at}; they are stored under the time received",
        )
    for letter in done.letters:
        if letter.kind in ("conflict", "bug"):
            subject = _subject(letter.delivery.packet.topic)
            conditions.happened(f"record_{letter.kind}", subject, Severity.HIGH, letter.error)


def _subject(topic: str) -> str:
    levels = topic.split("/")
    return levels[4] if len(levels) > 4 and levels[4].isascii() and levels[4].isalnum() else "historian"
