"""Figures of spans of time: whole minutes from the roll-ups, what they do not hold yet from the parts themselves.

Spans go in as parallel arrays: `numbers`, `lows`, `highs`. Whole hours come from the level of hours.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from psycopg.rows import DictRow

from jidoka.api.database import Connection, rows

Span = tuple[int, datetime, datetime]

_SUMMED = ("parts", "passed", "failed", "held", "bypassed", "first_visits", "first_passed", "false_calls", "rework",
           "scrap", "cycles", "cycle_ms_total")  # fmt: skip
_SUMS = ", ".join(f"sum({name}) AS {name}" for name in _SUMMED)
_SUMS = f"{_SUMS}, sum(missed) AS escaped"
_HISTOGRAM = ", ".join(f"sum(cycle_histogram[{number}])" for number in range(1, 41))
_HERE = "(%(station)s::text IS NULL OR station = %(station)s)"
_SPANS = """spans AS (
    SELECT number, low, high,
           least(date_bin('1 hour', low + interval '59 minutes 59.999999 seconds', '2000-01-03 00:00+00'), high)
               AS first,
           date_bin('1 hour', high, '2000-01-03 00:00+00') AS last
    FROM unnest(%(numbers)s::int[], %(lows)s::timestamptz[], %(highs)s::timestamptz[]) AS s (number, low, high)
)"""


def _pieces(hours: str, minutes: str, wanted: str) -> str:
    """Rows of whole hours, and of the minutes before and after them."""
    return f"""pieces AS (
    SELECT s.number, {wanted} FROM spans s JOIN {hours} m ON m.bucket >= s.first AND m.bucket < s.last
    UNION ALL SELECT s.number, {wanted} FROM spans s JOIN {minutes} m ON m.bucket >= s.low AND m.bucket < s.first
    UNION ALL SELECT s.number, {wanted} FROM spans s
    JOIN {minutes} m ON m.bucket >= greatest(s.last, s.first) AND m.bucket < s.high
)"""  # noqa: S608


_COLUMNS = ", ".join(f"m.{name}" for name in (*_SUMMED, "missed", "station", "cycle_histogram"))
_ROLLED = f"""WITH {_SPANS}, {_pieces("station_hours", "station_minutes", _COLUMNS)}
SELECT number, {_SUMS}, ARRAY[{_HISTOGRAM}] AS histogram FROM pieces WHERE {_HERE} GROUP BY number"""  # noqa: S608
_MINUTES = f"""WITH {_SPANS}
SELECT s.number, count(DISTINCT m.bucket) AS busy_minutes FROM spans s
JOIN station_minutes m ON m.bucket >= s.low AND m.bucket < s.high AND m.parts > 0 AND {_HERE} GROUP BY s.number"""  # noqa: S608
_RECENT = f"""WITH {_SPANS}
SELECT s.number, p.created_at, p.result, p.bypassed, p.disposition, p.cycle_time_ms,
       p.serial IS NULL OR NOT EXISTS (
           SELECT FROM parts e WHERE e.serial = p.serial AND e.station = p.station
           AND e.created_at <= p.created_at AND (e.created_at, e.id) < (p.created_at, p.id)) AS first
FROM spans s JOIN parts p ON p.created_at >= s.low AND p.created_at < s.high AND {_HERE}"""  # noqa: S608
_UNREAD = f"""WITH {_SPANS}
SELECT s.number, sum(m.count)::bigint AS unread FROM spans s
JOIN missed_parts m ON m.created_at >= s.low AND m.created_at < s.high AND {_HERE} GROUP BY s.number"""  # noqa: S608
_DEFECTS = f"""WITH {_SPANS},
{_pieces("defect_hours", "defect_minutes", "m.class, m.station, m.found, m.false_calls")}
SELECT class AS defect_class, (sum(found) - sum(false_calls))::bigint AS defects FROM pieces WHERE {_HERE}
GROUP BY class"""  # noqa: S608
_RECENT_DEFECTS = f"""WITH {_SPANS}
SELECT d.class AS defect_class, count(*) AS defects FROM spans s
JOIN defects d ON d.created_at >= s.low AND d.created_at < s.high AND {_HERE}
WHERE d.role = 'live' AND d.disposition IS DISTINCT FROM 'false_call' GROUP BY d.class"""  # noqa: S608
_DEFECT_PARTS = f"""SELECT class AS defect_class, count(DISTINCT part_id) AS parts FROM defects
WHERE role = 'live' AND disposition IS DISTINCT FROM 'false_call' AND created_at >= %(low)s AND created_at < %(high)s
AND {_HERE} GROUP BY class"""  # noqa: S608


def _values(spans: Sequence[Span], station: str | None) -> dict[str, Any]:
    numbers, lows, highs = zip(*spans, strict=True) if spans else ((), (), ())
    return {"numbers": list(numbers), "lows": list(lows), "highs": list(highs), "station": station}


async def rolled(connection: Connection, spans: Sequence[Span], station: str | None) -> list[DictRow]:
    """Sums of whole minutes by span number: counts, `histogram`."""
    return await rows(connection, _ROLLED, _values(spans, station)) if spans else []


async def busy_minutes(connection: Connection, spans: Sequence[Span], station: str | None) -> list[DictRow]:
    """Minutes with at least one part by span number."""
    return await rows(connection, _MINUTES, _values(spans, station)) if spans else []


async def recent(connection: Connection, spans: Sequence[Span], station: str | None) -> list[DictRow]:
    """Single parts by span number; `first`: nobody saw the serial at that station before."""
    return await rows(connection, _RECENT, _values(spans, station)) if spans else []


async def unread(connection: Connection, spans: Sequence[Span], station: str | None) -> list[DictRow]:
    """Parts that the controller counted and nobody read, by span number."""
    return await rows(connection, _UNREAD, _values(spans, station)) if spans else []


async def defects(
    connection: Connection, whole: Sequence[Span], edges: Sequence[Span], station: str | None
) -> list[DictRow]:
    """Defects of live inspections by class, without those that a person called false; a class may come twice."""
    found = await rows(connection, _DEFECTS, _values(whole, station)) if whole else []
    return found + (await rows(connection, _RECENT_DEFECTS, _values(edges, station)) if edges else [])


async def defect_parts(connection: Connection, low: datetime, high: datetime, station: str | None) -> dict[str, int]:
    """Parts that had a defect of a class, by class."""
    found = await rows(connection, _DEFECT_PARTS, {"low": low, "high": high, "station": station})
    return {entry["defect_class"]: entry["parts"] for entry in found}
