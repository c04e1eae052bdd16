"""Close a part: its Decision, exactly one, and what follows from it."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from jidoka.plc_gateway.conditions import Alarm, Conditions
from jidoka.plc_gateway.decide import is_challenge
from jidoka.plc_gateway.desk import Order
from jidoka.plc_gateway.ledger import Books
from jidoka.plc_gateway.line import Station
from jidoka.plc_gateway.metrics import DECISION_SECONDS, DECISIONS, LINE_STOPS, UNCONFIRMED, WRITE_SECONDS
from jidoka.plc_gateway.verdicts import Outcome
from jidoka.runtime.logs import log
from jidoka.schemas import Decision, Ruling, Severity

_DAY_MS = 86_400_000.0


@dataclass(frozen=True, slots=True)
class States:
    """What the controller says of a station beside its parts."""

    bypass: bool = False
    changeover: bool = False
    line_stop: bool = False

    @property
    def note(self) -> str | None:
        """What a Decision made now must say about the station."""
        names = [name for name, on in (("bypass", self.bypass), ("changeover", self.changeover)) if on]
        return f"station in {' and '.join(names)}" if names else None


class Registrar:
    """Records Decisions and counts the rejects in a row. Thread safe through the journal's transactions."""

    def __init__(
        self, books: Books, stations: Mapping[str, Station], conditions: Conditions, config_sha256: str
    ) -> None:
        self._books, self._ledger, self._conditions = books, books.ledger, conditions
        self._stations, self._config = stations, config_sha256

    def close(self, order: Order, outcome: Outcome, states: States) -> bool:
        """One transaction: the Decision recorded, the part no longer pending. Returns whether the line must stop."""
        WRITE_SECONDS.labels(order.visit.station).observe(time.monotonic() - order.ruled)
        decision = self._decision(order, outcome, states)
        fails = self._ledger.streak(decision.station)
        if not states.changeover:
            fails = _streak(fails, decision.ruling)
        with self._books.journal.transaction():
            self._books.bus.publish(decision, order.visit.trace)
            self._ledger.remove(decision.part_id)
            self._ledger.set_streak(decision.station, fails)
        self._tell(decision, order)
        self._judge_challenge(order, decision, states)
        return self.must_stop(decision.station)

    def must_stop(self, station: str) -> bool:
        """Whether so many parts in a row were rejected that the line must stop."""
        limit = self._stations[station].line_stop_after if station in self._stations else 0
        return 0 < limit <= self._ledger.streak(station)

    def stopped(self, station: str) -> None:
        """The controller has the line stop: count anew."""
        limit = self._stations[station].line_stop_after
        self._ledger.set_streak(station, 0)
        LINE_STOPS.labels(station).inc()
        text = f"{limit} parts in a row were rejected at {station}: line stop asked for"
        self._conditions.report(True, Alarm("line-stop", station, Severity.CRITICAL, text, station))

    def released(self, station: str) -> None:
        """The operator took the line stop back."""
        self._conditions.report(False, Alarm("line-stop", station, Severity.CRITICAL, "", station))

    def _decision(self, order: Order, outcome: Outcome, states: States) -> Decision:
        finding, visit, now = outcome.finding, order.visit, datetime.now(UTC)
        if order.arrived is not None:
            latency = (time.monotonic() - order.arrived) * 1000
        else:
            latency = (now - visit.arrived_at).total_seconds() * 1000
        return Decision(
            part_id=visit.part_id,
            station=visit.station,
            plc=visit.plc,
            counter=visit.counter,
            ruling=finding.ruling,
            reason=finding.reason,
            detail="; ".join(filter(None, (states.note, finding.detail)))[:500] or None,
            inspections=finding.inspections,
            absent=finding.absent,
            confirmed=outcome.confirmed,
            bypassed=states.bypass,
            arrived_at=visit.arrived_at,
            decided_at=now,
            latency_ms=min(max(0.0, latency), _DAY_MS),
            config_sha256=self._config,
        )

    def _tell(self, decision: Decision, order: Order) -> None:
        DECISIONS.labels(decision.station, decision.ruling, decision.reason).inc()
        DECISION_SECONDS.labels(decision.station).observe(decision.latency_ms / 1000)
        if not decision.confirmed:
            UNCONFIRMED.labels(decision.station).inc()
        log.info(
            "decision",
            part_id=str(decision.part_id),
            station=decision.station,
            counter=decision.counter,
            serial=order.visit.serial,
            ruling=decision.ruling,
            reason=decision.reason,
            absent=decision.absent,
            confirmed=decision.confirmed,
            latency_ms=round(decision.latency_ms, 1),
        )

    def _judge_challenge(self, order: Order, decision: Decision, states: States) -> None:
        """A part that is known to be bad must come out rejected; anything else means that inspection does not work."""
        station = self._stations.get(decision.station)
        if station is None or states.changeover or not is_challenge(order.visit.serial, station.challenge):
            return
        failed = decision.ruling is not Ruling.REJECT
        text = f"challenge part {order.visit.serial} at {station.name} was not rejected but: {decision.ruling}"
        alarm = Alarm("challenge-not-rejected", station.name, Severity.CRITICAL, text, station.name)
        self._conditions.report(failed, alarm, {"reason": decision.reason.value})


def _streak(fails: int, ruling: Ruling) -> int:
    if ruling is Ruling.REJECT:
        return fails + 1
    return 0 if ruling is Ruling.ACCEPT else fails
