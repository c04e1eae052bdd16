"""Sums of steps: whole minutes that are surely rolled up from the roll-ups, the rest from the parts."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from jidoka.api.database import Connection
from jidoka.api.figures.spans import MINUTE, Step
from jidoka.api.figures.sums import Sums
from jidoka.api.queries import kpis

# The historian rolls a minute up within seconds after it ended; until then its parts are counted one by one.
ROLLED_AFTER = timedelta(minutes=2)


def split(steps: Sequence[Step], now: datetime) -> tuple[list[kpis.Span], list[kpis.Span]]:
    """Of each step its whole rolled-up minutes, and what is left before and after them."""
    whole, edges = [], []
    fresh = _floor(now - ROLLED_AFTER)
    for number, step in enumerate(steps):
        low = min(_floor(step.low + MINUTE - timedelta(microseconds=1)), step.high)
        high = max(low, min(_floor(step.high), fresh))
        whole += [(number, low, high)] if high > low else []
        edges += [(number, a, b) for a, b in ((step.low, low), (high, min(step.high, now))) if b > a]
    return whole, edges


async def gather(
    connection: Connection, steps: Sequence[Step], station: str | None, now: datetime, *, busy: bool
) -> list[Sums]:
    """Sums of each step; minutes with a part only when `busy` is asked for."""
    made = [Sums() for _ in steps]
    whole, edges = split(steps, now)
    for row in await kpis.rolled(connection, whole, station):
        made[row["number"]].add(row)
    if busy:
        for row in await kpis.busy_minutes(connection, whole, station):
            made[row["number"]].busy_minutes += row["busy_minutes"]
    recent = await kpis.recent(connection, edges, station)
    for number, sums in enumerate(made):
        sums.add_parts(row for row in recent if row["number"] == number)
    spans = [(number, step.low, step.high) for number, step in enumerate(steps)]
    for row in await kpis.unread(connection, spans, station):
        made[row["number"]].unread += row["unread"]
    return made


def _floor(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)
