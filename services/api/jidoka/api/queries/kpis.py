"""Figures of a span of time."""

from datetime import datetime
from typing import Any

from psycopg.rows import DictRow

from jidoka.api.database import Connection, row, rows

_SPAN = "created_at >= %(start)s AND created_at < %(end)s AND (%(station)s::text IS NULL OR station = %(station)s)"

_PRODUCTION = f"""WITH visit AS (
    SELECT result, cycle_time_ms, disposition,
           row_number() OVER (PARTITION BY station, coalesce(serial, id::text) ORDER BY created_at, id) AS number
    FROM parts WHERE {_SPAN})
SELECT count(result) AS produced,
       count(*) FILTER (WHERE result = 'pass') AS good,
       count(*) FILTER (WHERE result = 'fail') AS rejected,
       count(*) FILTER (WHERE result = 'held') AS held,
       count(*) FILTER (WHERE result IS NULL) AS undecided,
       count(*) FILTER (WHERE number > 1) AS reinspected,
       count(result) FILTER (WHERE number = 1) AS first_visits,
       count(*) FILTER (WHERE number = 1 AND result = 'pass') AS first_good,
       count(*) FILTER (WHERE result = 'fail' AND disposition = 'false_call') AS false_calls,
       avg(cycle_time_ms) AS mean,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY cycle_time_ms) AS p50,
       percentile_cont(0.95) WITHIN GROUP (ORDER BY cycle_time_ms) AS p95
FROM visit"""  # noqa: S608

_PARETO = f"""SELECT class AS defect_class, count(*) AS defects, count(DISTINCT part_id) AS parts,
       count(*)::float8 / sum(count(*)) OVER () AS share
FROM defects WHERE role = 'live' AND disposition IS DISTINCT FROM 'false_call' AND {_SPAN}
GROUP BY class ORDER BY defects DESC, class LIMIT 100"""  # noqa: S608

_MISSED = f"SELECT coalesce(sum(count), 0)::bigint AS missed FROM missed_parts WHERE {_SPAN}"  # noqa: S608


def _values(start: datetime, end: datetime, station: str | None) -> dict[str, Any]:
    return {"start": start, "end": end, "station": station}


async def production(connection: Connection, start: datetime, end: datetime, station: str | None) -> DictRow:
    """Integer counts of parts and their cycle times."""
    values = _values(start, end, station)
    found, missed = await row(connection, _PRODUCTION, values), await row(connection, _MISSED, values)
    return {**(found or {}), **(missed or {})}


async def pareto(connection: Connection, start: datetime, end: datetime, station: str | None) -> list[DictRow]:
    """Defects of live inspections by class, most frequent first."""
    return await rows(connection, _PARETO, _values(start, end, station))
