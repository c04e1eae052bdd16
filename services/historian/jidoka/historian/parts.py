"""Parts, decisions, missed parts. Arrival and decision fill their halves of a part's row in either order."""

from collections.abc import Sequence

from psycopg.types.json import Jsonb

from jidoka.historian.clock import Fact
from jidoka.historian.database import Cursor
from jidoka.historian.effects import Effects
from jidoka.historian.rows import insert_new
from jidoka.schemas import RESULT_OF, Decision, PartArrived, PartsMissed

_ARRIVED = """
INSERT INTO record.parts AS p (id, created_at, claimed_at, station, plc, counter, arrived, replayed, serial, sku, batch,
                               cycle_time_ms, deadline_ms)
VALUES (%s, %s, %s, %s, %s, %s, true, %s, %s, %s, %s, %s, %s)
ON CONFLICT (id) DO UPDATE SET
    arrived = true, station = EXCLUDED.station, plc = EXCLUDED.plc, counter = EXCLUDED.counter,
    replayed = EXCLUDED.replayed, serial = EXCLUDED.serial, sku = EXCLUDED.sku, batch = EXCLUDED.batch,
    cycle_time_ms = EXCLUDED.cycle_time_ms, deadline_ms = EXCLUDED.deadline_ms,
    created_at = CASE WHEN p.decided_at IS NULL THEN EXCLUDED.created_at ELSE p.created_at END,
    claimed_at = CASE WHEN p.decided_at IS NULL THEN EXCLUDED.claimed_at ELSE p.claimed_at END
WHERE NOT p.arrived
RETURNING 1
"""
_DECIDED = """
INSERT INTO record.parts AS p (id, created_at, claimed_at, station, plc, counter, result, ruling, reason, detail,
                               verdicts, absent, confirmed, decided_at, latency_ms, config_sha256, bypassed)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (id) DO UPDATE SET
    result = EXCLUDED.result, ruling = EXCLUDED.ruling, reason = EXCLUDED.reason, detail = EXCLUDED.detail,
    verdicts = EXCLUDED.verdicts, absent = EXCLUDED.absent, confirmed = EXCLUDED.confirmed,
    decided_at = EXCLUDED.decided_at, latency_ms = EXCLUDED.latency_ms, config_sha256 = EXCLUDED.config_sha256,
    plc = EXCLUDED.plc, counter = EXCLUDED.counter, bypassed = EXCLUDED.bypassed,
    created_at = CASE WHEN p.arrived THEN p.created_at ELSE EXCLUDED.created_at END,
    claimed_at = CASE WHEN p.arrived THEN p.claimed_at ELSE EXCLUDED.claimed_at END
WHERE p.decided_at IS NULL
RETURNING 1
"""
_MISSED = """
INSERT INTO record.missed_parts (id, created_at, claimed_at, station, plc, first, last, count, reason)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING RETURNING 1
"""


def store_arrivals(cursor: Cursor, facts: Sequence[Fact[PartArrived]], effects: Effects) -> None:
    """One visit of one part each; the same part_id again changes nothing and is a contradiction."""
    stored = insert_new(cursor, _ARRIVED, [_arrival(fact) for fact in facts])
    for fact, new in zip(facts, stored, strict=True):
        if not new:
            effects.refuse(fact, "conflict", f"part {fact.message.part_id} has arrived already")
    effects.count("part_arrivals", sum(stored))


def store_decisions(cursor: Cursor, facts: Sequence[Fact[Decision]], effects: Effects) -> None:
    """What the controller was told; the first decision of a part is its decision."""
    stored = insert_new(cursor, _DECIDED, [_decision(fact) for fact in facts])
    for fact, new in zip(facts, stored, strict=True):
        if not new:
            effects.refuse(fact, "conflict", f"part {fact.message.part_id} has been decided already")
    effects.count("decisions", sum(stored))


def store_missed(cursor: Cursor, facts: Sequence[Fact[PartsMissed]], effects: Effects) -> None:
    """Parts that the controller counted and nobody could read."""
    stored = insert_new(cursor, _MISSED, [_missed(fact) for fact in facts])
    effects.count("missed_parts", sum(stored))


def _arrival(fact: Fact[PartArrived]) -> tuple[object, ...]:
    part = fact.message
    what = (part.serial, part.sku, part.batch, part.cycle_time_ms, part.deadline_ms)
    return (part.part_id, fact.at, fact.claimed_at, part.station, part.plc, part.counter, part.replayed, *what)


def _decision(fact: Fact[Decision]) -> tuple[object, ...]:
    said = fact.message
    who = (said.part_id, fact.at, fact.claimed_at, said.station, said.plc, said.counter)
    why = (RESULT_OF[said.ruling].value, said.ruling.value, said.reason.value, said.detail)
    verdicts = Jsonb([one.model_dump(mode="json") for one in said.inspections])
    decided_at = fact.received_at if fact.claimed_at else said.decided_at
    told = (said.confirmed, decided_at, said.latency_ms, bytes.fromhex(said.config_sha256), said.bypassed)
    return (*who, *why, verdicts, list(said.absent), *told)


def _missed(fact: Fact[PartsMissed]) -> tuple[object, ...]:
    missed = fact.message
    span = (missed.first, missed.last, missed.count, missed.reason)
    return (missed.missed_id, fact.at, fact.claimed_at, missed.station, missed.plc, *span)
