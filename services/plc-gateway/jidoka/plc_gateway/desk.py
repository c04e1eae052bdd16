"""Where parts wait for their ruling, and the two transactions that make each Decision exactly one.

A ruling goes to its lane at once and is stored as an intent meanwhile, for a commit to disk may take as long as all
else. The Decision is recorded, and the pending part removed, in one transaction afterwards. After a crash the
controller's memory is asked first for what it was told; stored intents are carried out again, undecided parts held.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from queue import SimpleQueue
from threading import Lock
from uuid import UUID

from jidoka.plc_gateway.decide import Case, Finding, Visit, hold, is_challenge, rule
from jidoka.plc_gateway.ledger import Books, Counter, Pending
from jidoka.plc_gateway.line import Station
from jidoka.plc_gateway.metrics import LATE_VERDICTS, PARTS_PENDING
from jidoka.runtime.logs import log
from jidoka.schemas import CaptureFailed, Inspection, Message, Reason, Role

_REMEMBERED = 1000


@dataclass(slots=True)
class Order:
    """A ruling on its way to the controller.

    Times are monotonic seconds. `due` is None for an order of an earlier run, whose clock is gone. `sent` says that
    the controller may already have it, `refused` that it answered with a refusal, which is logged once.
    """

    visit: Visit
    epoch: int
    finding: Finding
    ruled: float
    due: float | None = None
    arrived: float | None = None
    sent: bool = False
    refused: bool = False


@dataclass(frozen=True, slots=True)
class Arrival:
    """A part just taken from the ring; `left` is the time until its verdict is due in seconds, 0 when that is over."""

    visit: Visit
    message: Message
    left: float


@dataclass(slots=True)
class Desk:
    """Cases of all stations. The lanes bring parts and take orders; the main loop brings verdicts. Thread safe."""

    books: Books
    stations: Mapping[str, Station]
    orders: dict[str, SimpleQueue[Order]]
    _cases: dict[UUID, tuple[Case, int, float]] = field(default_factory=dict)
    _unheard: dict[UUID, frozenset[str]] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def recover(self) -> list[Order]:
        """Orders of the last run: stored intents again, undecided parts held. Before the lanes start.

        Returns those of controllers that are no longer configured, which nobody will carry out.
        """
        now, orphans = time.monotonic(), []
        pending = list(self.books.ledger.pending())
        with self.books.journal.transaction():
            for part in pending:
                finding = part.intent
                if finding is None:
                    case = self._case(part.visit, 0.0)
                    finding = hold(case, Reason.RESTART, "the gateway was restarted while the part was at the station")
                    self.books.ledger.intend(part.visit.part_id, finding)
                self._remember(part.visit, finding)
                order = Order(part.visit, part.epoch, finding, ruled=now, sent=True)
                if part.visit.plc in self.orders:
                    self.orders[part.visit.plc].put(order)
                else:
                    orphans.append(order)
        if pending:
            log.info("parts_recovered", count=len(pending))
        return orphans

    def arrive(self, station: str, counter: Counter, arrivals: Sequence[Arrival], others: Sequence[Message]) -> None:
        """Parts came: their records, the counter and what else happened, in one transaction."""
        now = time.monotonic()
        cases = {arrival.visit.part_id: self._case(arrival.visit, now + arrival.left) for arrival in arrivals}
        late = [self._too_late(cases[arrival.visit.part_id], counter, now) for arrival in arrivals if not arrival.left]
        intents = {order.visit.part_id: order.finding for order in late}
        with self._lock:
            with self.books.journal.transaction():
                for message in others:
                    self.books.bus.publish(message)
                for arrival in arrivals:
                    self.books.bus.publish(arrival.message, arrival.visit.trace)
                for part_id, case in cases.items():
                    self.books.ledger.add(Pending(case.visit, counter.epoch, intents.get(part_id)))
                self.books.ledger.count(station, counter)
            open_cases = {part_id: case for part_id, case in cases.items() if part_id not in intents}
            self._cases.update((part_id, (case, counter.epoch, now)) for part_id, case in open_cases.items())
        self._hand_over(late)

    def hear(self, message: Inspection | CaptureFailed) -> None:
        """A verdict or a failed capture; when it settles the part the lane gets its order and the intent is stored."""
        if message.part_id is None:
            return
        with self._lock:
            known = self._cases.get(message.part_id)
            if known is None:
                self._count_late(message)
                return
            case, epoch, arrived = known
            case.hear(message)
            finding = rule(case)
            if finding is None:
                return
            order = Order(case.visit, epoch, finding, time.monotonic(), case.due, arrived)
            self._settle([order])
        self._intend([order])

    def expire(self, plc: str) -> None:
        """Hold the parts of a PLC whose verdict is due."""
        now = time.monotonic()
        with self._lock:
            overdue = [known for known in self._cases.values() if known[0].visit.plc == plc and known[0].due <= now]
            orders = [_overdue(case, epoch, arrived, now) for case, epoch, arrived in overdue]
            self._settle(orders)
        self._intend(orders)

    def next_due(self, plc: str) -> float | None:
        """When the next part of a PLC is due, in monotonic seconds."""
        with self._lock:
            return min((case.due for case, _, _ in self._cases.values() if case.visit.plc == plc), default=None)

    def _settle(self, orders: Sequence[Order]) -> None:
        for order in orders:
            del self._cases[order.visit.part_id]
        if orders:
            self._hand_over(orders)

    def _intend(self, orders: Sequence[Order]) -> None:
        """Without the lock, which the lane may be waiting for. A part that has its Decision by now is left alone."""
        if orders:
            with self.books.journal.transaction():
                for order in orders:
                    self.books.ledger.intend(order.visit.part_id, order.finding)

    def _too_late(self, case: Case, counter: Counter, now: float) -> Order:
        finding = hold(case, Reason.REPLAYED, "read from the controller's ring after its deadline")
        return Order(case.visit, counter.epoch, finding, ruled=now, due=now, arrived=now)

    def _hand_over(self, orders: Sequence[Order]) -> None:
        for order in orders:
            self._remember(order.visit, order.finding)
            self.orders[order.visit.plc].put(order)
        PARTS_PENDING.set(len(self._cases))

    def _case(self, visit: Visit, due: float) -> Case:
        station = self.stations.get(visit.station)
        cameras = {camera.name: camera.required for camera in station.camera} if station else {}
        challenge = station is not None and is_challenge(visit.serial, station.challenge)
        return Case(visit, cameras, due, challenge)

    def _remember(self, visit: Visit, finding: Finding) -> None:
        self._unheard[visit.part_id] = frozenset(finding.absent)
        while len(self._unheard) > _REMEMBERED:
            self._unheard.pop(next(iter(self._unheard)), None)

    def _count_late(self, message: Inspection | CaptureFailed) -> None:
        absent = self._unheard.get(message.part_id, frozenset()) if message.part_id else frozenset()
        if isinstance(message, Inspection) and message.role is Role.LIVE and message.camera in absent:
            LATE_VERDICTS.labels(message.station).inc()
            log.warning(
                "verdict_late",
                part_id=str(message.part_id),
                camera=message.camera,
                verdict=message.verdict,
                seconds=round((datetime.now(UTC) - message.captured_at).total_seconds(), 3),
            )


def _overdue(case: Case, epoch: int, arrived: float, now: float) -> Order:
    finding = hold(case, Reason.DEADLINE, "no verdict of every required camera in time")
    return Order(case.visit, epoch, finding, now, case.due, arrived)
