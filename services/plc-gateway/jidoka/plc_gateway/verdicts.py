"""Carry a ruling to the controller: written, read back, and never a late accept."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from jidoka.plc_gateway.contract import CODES, RULINGS, StationTags
from jidoka.plc_gateway.decide import Finding
from jidoka.plc_gateway.desk import Order
from jidoka.plc_gateway.intake import Intake
from jidoka.plc_gateway.link import Reading
from jidoka.plc_gateway.parts import PartRecord, whole
from jidoka.plc_gateway.plc import Reader, Writer
from jidoka.runtime.logs import log
from jidoka.schemas import Reason, Ruling

GRACE = 2.0
UNRESOLVED = 60.0
TO_THE_GATE_MS = 900
"""A part may be at the gate 1 s after its verdict is due (docs/plc-contract.md), by a clock of 100 ms steps."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the Decision will say; `confirmed` when the controller's memory was read back and holds it."""

    finding: Finding
    confirmed: bool


def carry_out(link: Writer, order: Order, intake: Intake) -> Outcome | None:
    """Try once; None when the controller did not take it and it should be tried again. Raises LinkError.

    An accept or reject that did not get there before the part was due becomes a hold: that is what the controller
    did, or will do, without a verdict. For a part of an earlier run the controller's own clock (AgeMs) decides. Nothing
    is written late into a slot that another part has by now. A verdict that the controller got when the part may have
    been at the gate already counts as a hold that is not confirmed.
    """
    tags, counter = intake.tags, order.visit.counter
    if order.epoch != intake.epoch:
        return void(order, "the controller has begun to count anew")
    if order.sent:
        known = _read_back(link, tags, counter)
        if known is not None:
            return Outcome(_as_told(order.finding, known), confirmed=True)
    finding = order.finding
    if order.due is None or time.monotonic() >= order.due:
        record = _record(link, tags, counter)
        if record is None:
            return void(order, "the controller has other parts in its ring by now")
        if order.due is not None or record.age_ms >= intake.station.deadline_ms:
            finding = _held(finding, "the verdict could not be written in time")
    return _write(link, order, finding, intake)


def given_up(order: Order, now: float) -> Outcome | None:
    """The outcome of an order that cannot be carried out any more, or None while it is worth trying.

    What was never sent leaves the controller holding the part. What may have arrived is kept longer, so that the
    controller's memory can still tell.
    """
    if order.sent:
        return Outcome(order.finding, confirmed=False) if now - order.ruled > UNRESOLVED else None
    if order.due is None or now <= order.due + GRACE:
        return None
    return void(order, "the controller did not answer")


def void(order: Order, why: str) -> Outcome:
    """The outcome of an order that the controller never gets: without a verdict it holds the part."""
    return Outcome(_held(order.finding, why), confirmed=False)


def _read_back(link: Reader, tags: StationTags, counter: int) -> Ruling | None:
    return _ruling(link.read(tags.verdict(counter)), counter)


def _ruling(slot: Sequence[Reading], counter: int) -> Ruling | None:
    code, sequence = slot
    if sequence.value != counter or not isinstance(code.value, int):
        return None
    return RULINGS.get(code.value)


def _write(link: Writer, order: Order, finding: Finding, intake: Intake) -> Outcome | None:
    tags, counter = intake.tags, order.visit.counter
    code, sequence = tags.verdict(counter)
    order.sent = True
    values = [(code, CODES[finding.ruling]), (sequence, counter)]
    errors, (*slot, age) = link.write_and_read(values, (code, sequence, tags.age(counter)))
    refused, told = [reason for reason in errors if reason], _ruling(slot, counter)
    if told is finding.ruling and isinstance(age.value, int):
        if finding.ruling is Ruling.HOLD or age.value < intake.station.deadline_ms + TO_THE_GATE_MS:
            return Outcome(finding, confirmed=True)
        return Outcome(
            _held(finding, f"the controller had it {age.value} ms after the part's arrival"), confirmed=False
        )
    order.sent = not refused
    if not order.refused:
        order.refused = True
        log.warning("verdict_not_taken", part_id=str(order.visit.part_id), tag=code, reason=refused[:1], told=told)
    return None


def _record(link: Reader, tags: StationTags, counter: int) -> PartRecord | None:
    value = link.read([tags.record(counter)])[0].value
    return whole(value, counter) if isinstance(value, Mapping) else None


def _as_told(finding: Finding, told: Ruling) -> Finding:
    return finding if told is finding.ruling else replace(_held(finding, "the controller was told so"), ruling=told)


def _held(finding: Finding, why: str) -> Finding:
    if finding.ruling is Ruling.HOLD:
        return finding
    return replace(finding, ruling=Ruling.HOLD, reason=Reason.DEADLINE, detail=f"{finding.ruling}: {why}")
