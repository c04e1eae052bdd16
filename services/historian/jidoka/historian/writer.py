"""The batch is a transaction: what is new is stored, what is bad is set aside, all of it is accounted for."""

import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

import psycopg

from jidoka.historian import metrics
from jidoka.historian.attempts import DEATHS, Attempts
from jidoka.historian.clock import Fact, is_stored, placed
from jidoka.historian.custody import Claim, Inbox, has_custody
from jidoka.historian.database import Cursor, Database
from jidoka.historian.dead_letters import DeadLetter, bury
from jidoka.historian.effects import Effects
from jidoka.historian.people import answers
from jidoka.historian.receipts import Receipts
from jidoka.historian.sqlstate import Fate, fate
from jidoka.historian.store import Store
from jidoka.runtime.batch import Delivery
from jidoka.runtime.logs import log
from jidoka.schemas import Action, Lost, Message


@dataclass(slots=True)
class Committed:
    """One batch that is in the database, and what the world is to be told of it."""

    deliveries: int
    effects: Effects = field(default_factory=Effects)
    letters: list[DeadLetter] = field(default_factory=list)
    claim: Claim = field(default_factory=Claim)
    lost: list[Lost] = field(default_factory=list)
    moved: list[Fact[Message]] = field(default_factory=list)


class Writer:
    """Writes batches. `committed` holds those of which nothing was published yet."""

    def __init__(self, database: Database, attempts: Attempts, store: Store) -> None:
        self._database, self._attempts, self._store = database, attempts, store
        self._inbox = Inbox()
        self.receipts = Receipts()
        self._done: list[Committed] = []

    def start(self) -> list[Message]:
        """Receipts of all sources as they are in the database, for a broker that has lost them."""
        with self._database.transaction() as cursor:
            self.receipts.load(cursor)
        return list(self.receipts.of(self.receipts.sources(), datetime.now(UTC)))

    def write(self, batch: Sequence[Delivery]) -> None:
        """Commits a batch. Raises TransientError (the same batch may be written again) or Refused."""
        if not batch:
            return
        poison = [one for one in batch if self._attempts.deaths(one) >= DEATHS]
        suspects = [one for one in batch if DEATHS - 1 <= self._attempts.deaths(one) < DEATHS]
        apart = {id(one) for one in poison + suspects}
        self._commit([one for one in batch if id(one) not in apart])
        for one in suspects:
            self._commit([one])
        if poison:
            self._commit([], [DeadLetter(one, "bug", "the historian died three times over it") for one in poison])

    def take(self) -> list[Committed]:
        """The batches committed since the last call."""
        done, self._done = self._done, []
        return done

    def _commit(self, batch: list[Delivery], poison: Sequence[DeadLetter] = ()) -> None:
        deliveries = [*batch, *(letter.delivery for letter in poison)]
        if not deliveries:
            return
        started = time.perf_counter()
        with ExitStack() as undone:
            undone.callback(self._store.forget)
            undone.callback(self._inbox.forget)
            with self._attempts.on(deliveries), self._database.transaction() as cursor:
                done = self._write(cursor, deliveries, poison)
            undone.pop_all()
        self._inbox.committed(done.claim)
        self.receipts.committed(done.claim.after)
        self._done.append(done)
        _measure(done, time.perf_counter() - started)

    def _write(self, cursor: Cursor, deliveries: list[Delivery], poison: Sequence[DeadLetter]) -> Committed:
        done = Committed(len(deliveries), claim=self._inbox.claim(cursor, deliveries))
        known_bad = {id(letter.delivery): letter for letter in poison}
        facts: dict[int, Delivery] = {}
        for one in done.claim.fresh:
            letter = known_bad.get(id(one)) or unstorable(one)
            if letter:
                done.letters.append(letter)
            else:
                facts[id(one.message)] = one
        self._write_facts(cursor, facts, done)
        done.letters += [
            DeadLetter(one, "conflict", "this identity is committed with other content") for one in done.claim.forged
        ]
        for letter in done.letters:
            bury(cursor, letter)
        done.effects.publish += answers(cursor, _asked_again(done.claim))
        self._inbox.save(cursor, done.claim)
        return done

    def _write_facts(self, cursor: Cursor, deliveries: dict[int, Delivery], done: Committed) -> None:
        facts = [_placed(one) for one in deliveries.values()]
        done.lost = [fact.message for fact in facts if isinstance(fact.message, Lost)]
        self._inbox.give_up(cursor, done.claim, done.lost)
        done.moved = [fact for fact in facts if fact.claimed_at]
        bad = self._bisect(cursor, [fact for fact in facts if not isinstance(fact.message, Lost)], done.effects)
        for fact, error in bad:
            done.letters.append(DeadLetter(deliveries[id(fact.message)], "data", _plain(error), _state(error)))
        for fact, kind, reason in done.effects.refused:
            done.letters.append(DeadLetter(deliveries[id(fact.message)], kind, reason))

    def _bisect(
        self, cursor: Cursor, facts: Sequence[Fact[Message]], effects: Effects
    ) -> list[tuple[Fact[Message], Exception]]:
        """Stores the facts; halves a batch that PostgreSQL refuses for its data until the bad ones stand alone."""
        if not facts:
            return []
        try:
            with cursor.connection.transaction():
                effects.add(self._store.write(cursor, facts))
        except (psycopg.Error, UnicodeEncodeError) as error:
            if isinstance(error, psycopg.Error) and fate(error) is not Fate.DATA:
                raise
            self._store.forget()
            if len(facts) == 1:
                return [(facts[0], error)]
            middle = len(facts) // 2
            return self._bisect(cursor, facts[:middle], effects) + self._bisect(cursor, facts[middle:], effects)
        return []


def unstorable(one: Delivery) -> DeadLetter | None:
    """Why a delivery goes to the dead letters without being tried."""
    if one.message is None:
        error = one.error
        kind = "custody" if error is not None and error.field == "custody" else "schema"
        return DeadLetter(one, kind, str(error))
    if one.custody is None or not has_custody(one):
        return DeadLetter(one, "custody", "the user properties source, stream, epoch and seq name no publisher")
    if not is_stored(one.message):
        return DeadLetter(one, "schema", f"{type(one.message).__name__} is no record")
    if isinstance(one.message, Lost) and one.message.source != one.custody.source:
        return DeadLetter(one, "custody", f"{one.custody.source} cannot give up records of {one.message.source}")
    return None


def _placed(one: Delivery) -> Fact[Message]:
    assert one.message is not None
    assert one.custody is not None
    return placed(one.message, one.custody.source, one.received_at)


def _asked_again(claim: Claim) -> list[tuple[UUID, str]]:
    return [
        (one.message.action_id, one.custody.source)
        for one in claim.repeats
        if isinstance(one.message, Action) and one.custody
    ]


def _measure(done: Committed, seconds: float) -> None:
    metrics.COMMITS.inc()
    metrics.COMMIT_SECONDS.observe(seconds)
    metrics.BATCH_MESSAGES.observe(done.deliveries)
    for table, rows in done.effects.rows.items():
        metrics.ROWS.labels(table).inc(rows)
    for one in done.claim.repeats:
        if one.custody:
            metrics.REPEATS.labels(one.custody.source).inc()
    for lost in done.lost:
        metrics.LOST.labels(lost.source, lost.lost_stream.value).inc(lost.last - lost.first + 1)
    for fact in done.moved:
        metrics.OUT_OF_WINDOW.labels(fact.source).inc()
    for letter in done.letters:
        metrics.DEAD_LETTERS.labels(letter.kind).inc()
        log.warning("dead_letter", kind=letter.kind, topic=letter.delivery.packet.topic, error=letter.error)


def _plain(error: Exception) -> str:
    return " ".join(str(error).split())


def _state(error: Exception) -> str | None:
    return error.sqlstate if isinstance(error, psycopg.Error) else None
