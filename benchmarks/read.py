"""List, passport and figures of the API at 50 requests a second with a million parts stored.

Parts of 90 days at two stations are made by the database itself, with inspections, defects, images and roll-ups. Each
request differs from those before it, and nothing is cached (CACHE_TTL=0). A request's time counts from the moment it
was due, so a slow answer delays the count of those behind it.
"""

import asyncio
import random
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx
import psycopg

from figures import quantile
from plant import Plant, cpu_seconds, plant

PARTS, DAYS, RATE, SECONDS, GOAL_MS, WARM = 1_000_000, 90, 50, 15, 50, 20

FILL = (
    """SELECT record.make_partitions(%(start)s, now())""",
    """INSERT INTO record.models (name, version, sha256)
    SELECT 'bench', v::text, decode(md5(v::text) || md5(v::text), 'hex') FROM generate_series(1, 3) AS v""",
    """INSERT INTO record.parts (id, created_at, station, plc, counter, arrived, serial, sku, batch, cycle_time_ms,
        deadline_ms, quality_score, result, ruling, reason, verdicts, absent, confirmed, decided_at, latency_ms)
    SELECT md5(n::text)::uuid, at, 'AOI' || 1 + n %% 2, 'plc1', n, true,
        'SN-' || lpad((n - n %% 50 / 49)::text, 7, '0'), 'PCB-' || n %% 5, 'B-' || n / 5000, 6000 + n %% 977, 4000,
        random(), CASE WHEN n %% 33 = 0 THEN 'fail' ELSE 'pass' END,
        CASE WHEN n %% 33 = 0 THEN 'reject' ELSE 'accept' END,
        CASE WHEN n %% 33 = 0 THEN 'failed' ELSE 'passed' END, '[]', '{}', true, at + interval '90 ms', 90
    FROM generate_series(1, %(parts)s) AS n, LATERAL (SELECT %(start)s + n * %(step)s::interval AS at) t""",
    """INSERT INTO record.inspections (created_at, id, frame_id, part_id, station, camera, role, verdict, quality_score,
        defect_count, model_id, config_sha256, width, height, inspected_at, queue_ms, decode_ms, prepare_ms, model_ms,
        finish_ms)
    SELECT created_at, id, id, id, station, 'top', 'live', CASE result WHEN 'fail' THEN 'fail' ELSE 'pass' END, 0.5,
        (result = 'fail')::int, 1 + (counter %% 3)::int, '\\x00', 640, 640, created_at, 1, 1, 1, 30, 1
    FROM record.parts""",
    """INSERT INTO record.defects (created_at, id, inspection_id, frame_id, part_id, station, camera, role, class,
        confidence, x, y, width, height)
    SELECT created_at, id, id, id, id, station, 'top', 'live', 'class' || counter %% 6, 0.9, 1, 1, 9, 9
    FROM record.parts WHERE result = 'fail'""",
    """INSERT INTO record.images_fail (created_at, frame_id, inspection_id, part_id, station, camera, verdict, width,
        height, sha256, image)
    SELECT created_at, id, id, id, station, 'top', 'fail', 640, 640, '\\x00', decode(repeat('ab', 2000), 'hex')
    FROM record.parts WHERE result = 'fail' AND created_at > now() - interval '14 days'""",
    """INSERT INTO record.tags (plc, scan_group, name, kind, first_at)
    SELECT 'plc1', 'process', 'Process.T' || n, 'number', now() FROM generate_series(1, 30) AS n""",
    """INSERT INTO record.tag_samples (at, value, tag_id)
    SELECT now() - n * interval '5 s', random(), t.id FROM generate_series(1, 17280) AS n, record.tags t""",
    """INSERT INTO record.station_minutes (bucket, station, parts, passed, failed, held, false_calls, missed, confirmed,
        rework, scrap, cycles, cycle_ms_total, cycle_histogram, latency_histogram, first_visits, first_passed)
    SELECT date_bin('1 min', created_at, '2000-01-03'), station, count(*), count(*) FILTER (WHERE result = 'pass'),
        count(*) FILTER (WHERE result = 'fail'), 0, 0, 0, 0, 0, 0, count(*), sum(cycle_time_ms),
        record.histogram(array_agg(public.histogram_class(cycle_time_ms))),
        array_fill(0, ARRAY[40]), count(*), count(*) FILTER (WHERE result = 'pass')
    FROM record.parts GROUP BY 1, 2""",
    """INSERT INTO record.defect_minutes SELECT date_bin('1 min', created_at, '2000-01-03'), station, class, count(*), 0
    FROM record.defects GROUP BY 1, 2, 3""",
    """SELECT record.roll_up_figures_hour(h, s) FROM generate_series(date_trunc('hour', %(start)s::timestamptz), now(),
        '1 hour') AS h, unnest(ARRAY['AOI1', 'AOI2']) AS s""",
    "ANALYZE",
)


def main() -> None:
    """Prints p50, p95 and the slowest answer of each kind."""
    with plant(CACHE_TTL="0") as line:
        begun = time.monotonic()
        start = datetime.now(UTC) - timedelta(days=DAYS)
        _fill(line, start)
        print(f"read: {PARTS:,} parts of {DAYS} days made in {time.monotonic() - begun:.0f} s")
        draw = random.Random(7)
        kinds = {"list": _lists(draw, start), "passport": _passports(draw), "figures": _figures(draw, start)}
        kinds["figures by day"] = _series(draw, start)
        for name, asks in kinds.items():
            cpu = cpu_seconds(line.process)
            took = asyncio.run(_load(line.url, asks))
            cpu = (cpu_seconds(line.process) - cpu) / (len(took) + WARM) * 1000
            p95 = quantile(took, 0.95)
            print(
                f"read: {name} at {RATE}/s: p50 {quantile(took, 0.5):.1f} ms, p95 {p95:.1f} ms (goal {GOAL_MS}), "
                f"max {max(took):.1f} ms, {len(took)} answers, {cpu:.1f} ms of the API's CPU each"
            )


def _fill(line: Plant, start: datetime) -> None:
    values = {"start": start, "parts": PARTS, "step": timedelta(days=DAYS) / (PARTS + 1)}
    with psycopg.connect(line.database.url, autocommit=True) as connection:
        for statement in FILL:
            native = connection.execute("SELECT NOT bool_or(hypertable) FROM record.series").fetchone()
            if "make_partitions" in statement and not (native and native[0]):
                continue
            connection.execute(statement.encode(), values if "%" in statement else None)


def _time(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


def _lists(draw: random.Random, start: datetime) -> Iterator[str]:
    filters = ("", "&station=AOI1", "&result=fail", "&batch=B-100", "&station=AOI2&result=fail", "&serial=SN-0500000")
    while True:
        end = start + timedelta(seconds=draw.randrange(86_400, DAYS * 86_400))
        yield f"/api/v1/parts?limit=50&to={_time(end)}{draw.choice(filters)}"


def _passports(draw: random.Random) -> Iterator[str]:
    day = PARTS - PARTS // DAYS
    while True:
        number = draw.choice((draw.randrange(1, PARTS), draw.randrange(day, PARTS)))
        yield f"/api/v1/serials/SN-{number - number % 50 // 49:07}"


def _figures(draw: random.Random, start: datetime, path: str = "kpis?") -> Iterator[str]:
    while True:
        end = datetime.now(UTC) - timedelta(seconds=draw.randrange(0, 86_400))
        low = max(start, end - timedelta(seconds=draw.choice((8 * 3600, 86_400, 7 * 86_400, 89 * 86_400))))
        station = draw.choice(("", "&station=AOI1"))
        yield f"/api/v1/{path}&from={_time(low)}&to={_time(end)}{station}".replace("?&", "?")


def _series(draw: random.Random, start: datetime) -> Iterator[str]:
    return _figures(draw, start, "kpis/series?unit=day")


async def _load(url: str, asks: Iterator[str]) -> list[float]:
    """Milliseconds of each answer, at a steady rate whatever the answers take."""
    limits = httpx.Limits(max_connections=100, max_keepalive_connections=100)
    async with httpx.AsyncClient(base_url=url, timeout=30, limits=limits) as http:
        for _ in range(WARM):
            (await http.get(next(asks))).raise_for_status()
        begun = time.perf_counter()
        jobs = []
        for number in range(RATE * SECONDS):
            due = begun + number / RATE
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            jobs.append(asyncio.create_task(_ask(http, next(asks), due)))
        return await asyncio.gather(*jobs)


async def _ask(http: httpx.AsyncClient, path: str, due: float) -> float:
    answer = await http.get(path)
    assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text[:200]}"
    return (time.perf_counter() - due) * 1000


if __name__ == "__main__":
    main()
