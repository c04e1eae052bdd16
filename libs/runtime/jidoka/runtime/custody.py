"""Which record goes out next, and on which topic; what receipts and the historian's status change in that."""

import random
from collections import deque
from dataclasses import dataclass

from jidoka.runtime import metrics
from jidoka.runtime.link import Outgoing
from jidoka.runtime.logs import log
from jidoka.runtime.outbox import Outbox
from jidoka.runtime.repeats import Sweep
from jidoka.runtime.rows import Row
from jidoka.schemas import Packet, Receipt, SchemaError, Scope, ServiceStatus, Stream, decode

KEEPER = "historian"
CLAIM_BYTES = 4 * 2**20
READ_RECORDS = 200
PRUNE_EVERY_S = 0.2  # one commit for several receipts
TEND_EVERY_S = 1.0


@dataclass(frozen=True, slots=True)
class Sending:
    """A record on its way: on its own topic once, or to the historian alone. `first`: it was never sent before."""

    row: Row
    repeat: bool
    first: bool


class Custodian:
    """Decides by the clock it is given; touches no network. Used by one thread."""

    def __init__(self, outbox: Outbox, scope: Scope, seed: int | None = None) -> None:
        self._outbox, self._scope = outbox, scope
        jitter = random.Random(seed)  # noqa: S311 - jitter
        self._sweeps = {stream: Sweep(outbox.inherited, jitter) for stream in Stream}
        self._repeating: dict[Stream, deque[Row]] = {stream: deque() for stream in Stream}
        self._returned: dict[Stream, deque[Row]] = {stream: deque() for stream in Stream}
        self._keepers: dict[str, bool] = {}
        self._receipts: list[Receipt] = []
        self._prune_at = self._tend_at = 0.0

    def take(self, stream: Stream, count: int, now: float) -> list[Sending]:
        """Up to `count` records to send now that were never sent before, in order."""
        while rows := self._new(stream, count):
            sendings = [Sending(row, repeat=row.stale(now), first=True) for row in rows]
            if self.keeper_online():
                return sendings
            for late in (sending for sending in sendings if sending.repeat):
                self._sweeps[stream].handed(late.row.id, now)
            if fresh := [sending for sending in sendings if not sending.repeat]:
                return fresh
        return []

    def take_repeats(self, stream: Stream, count: int, now: float) -> list[Sending]:
        """Up to `count` records to send again now."""
        repeating = self._repeating[stream]
        if not repeating:
            repeating.extend(self._next_repeats(stream, now))
        return [Sending(repeating.popleft(), repeat=True, first=False) for _ in range(min(count, len(repeating)))]

    def outgoing(self, sending: Sending) -> Outgoing:
        """The message of a record."""
        packet = sending.row.packet
        if not sending.repeat:
            return Outgoing(packet, retain=sending.row.retain)
        topic = self._scope.repeats(self._outbox.source)
        return Outgoing(Packet(topic, packet.payload, packet.content_type, packet.properties))

    def put_back(self, sendings: list[Sending]) -> None:
        """These were not sent: the connection went away."""
        for sending in reversed(sendings):
            if sending.first:
                self._returned[sending.row.stream].appendleft(sending.row)

    def sent(self, sending: Sending, now: float) -> None:
        """This one was handed to the connection."""
        if sending.first:
            self._sweeps[sending.row.stream].handed(sending.row.id, now)
        (metrics.REPEATS if sending.repeat else metrics.SENT).labels(sending.row.stream.value).inc()

    def give_up(self, sending: Sending, reason: str) -> None:
        """This one can never be sent."""
        log.error("record_given_up", topic=sending.row.packet.topic, size=sending.row.size, reason=reason)
        self._outbox.give_up(sending.row, reason)

    def closed(self) -> None:
        """The connection is gone: what the historian does is unknown until the broker says it again."""
        self._keepers.clear()
        for repeating in self._repeating.values():
            repeating.clear()

    def control(self, packet: Packet, now: float) -> None:
        """A receipt, or the status of a historian."""
        if not packet.payload:
            self._keepers.pop(packet.topic, None)
            return
        try:
            message = decode(packet)
        except SchemaError as error:
            metrics.BAD_MESSAGES.labels(error.schema if error.schema in ("Receipt", "ServiceStatus") else "other").inc()
            log.warning("bad_message", topic=packet.topic, reason=str(error))
            return
        if isinstance(message, Receipt) and message.source == self._outbox.source:
            self._receipts.append(message)
        elif isinstance(message, ServiceStatus) and message.service == KEEPER:
            self._keeper(packet.topic, message.online, now)

    def keeper_online(self) -> bool:
        """Whether a historian says that it is there."""
        return any(self._keepers.values())

    def tend(self, now: float) -> float:
        """Prunes and raises alarms when it is time; returns the seconds until there is something to do again."""
        if self._receipts and now >= self._prune_at:
            self._prune_at = now + PRUNE_EVERY_S
            pruned = self._outbox.receive(self._receipts)
            self._receipts = []
            self._pruned(pruned, now)
        if now >= self._tend_at:
            self._tend_at = now + TEND_EVERY_S
            self._outbox.tend()
        return min(self._tend_at, self._prune_at if self._receipts else self._tend_at) - now

    def idle(self) -> bool:
        """Whether every record was sent once."""
        return not self._outbox.unclaimed() and not any(self._returned.values())

    def _new(self, stream: Stream, count: int) -> list[Row]:
        returned = self._returned[stream]
        if returned:
            return [returned.popleft() for _ in range(min(count, len(returned)))]
        return self._outbox.claim(stream, count, CLAIM_BYTES)

    def _next_repeats(self, stream: Stream, now: float) -> list[Row]:
        sweep = self._sweeps[stream]
        if not self.keeper_online():
            return []
        records, size = sweep.room(now)
        if records <= 0:
            return []
        ids = (sweep.cursor, sweep.ripe(now))
        rows = self._outbox.between(stream, ids, min(records, READ_RECORDS), min(size, CLAIM_BYTES))
        if rows:
            return sweep.began(rows, now)
        sweep.found_nothing(now)
        return []

    def _keeper(self, topic: str, online: bool, now: float) -> None:
        before = self.keeper_online()
        self._keepers[topic] = online
        if self.keeper_online() and not before:
            for sweep in self._sweeps.values():
                sweep.restart(now)

    def _pruned(self, removed: dict[Stream, list[int]], now: float) -> None:
        for stream, ids in removed.items():
            if ids:
                self._sweeps[stream].progressed(ids, now)
