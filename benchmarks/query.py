"""The trend of a tag over 90 days and the passport of a part, with much in the database (TimescaleDB where installed).

QUERY_ROWS tag samples of 200 tags (10,000,000) and QUERY_PARTS parts (1,000,000). Each trend is timed when it is asked
for the first time; the ratio is of the trend asked again to the warm raw query, each until its answer is here, in
the binary format that the API asks for.
"""

import os
import random
import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg

from figures import quantile
from jidoka.historian.line import Retention
from jidoka.historian.migrate import migrate
from jidoka.historian.policies import apply_retention
from jidoka.runtime.testing import ENGINES, WITH_TIMESCALEDB, postgres

ROWS, PARTS = int(os.environ.get("QUERY_ROWS", "10000000")), int(os.environ.get("QUERY_PARTS", "1000000"))
TAGS, DAYS, POINTS, RUNS = 200, 90, 1000, 100
CONF = """
shared_buffers = 1GB
max_wal_size = 8GB
synchronous_commit = off
max_locks_per_transaction = 512
jit = off
"""
RAW = """
SELECT date_bin(%s, at, '2000-01-03 00:00+00') AS bin, count(*), min(value), max(value), avg(value) FROM tag_values
WHERE tag_id = %s AND at >= %s AND at < %s GROUP BY bin ORDER BY bin
"""
TREND = "SELECT at, samples, minimum, maximum, mean FROM tag_trend(%s, %s, %s, %s)"
END = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
START = END - timedelta(days=DAYS)


def main() -> None:
    """Fills, asks, prints."""
    engine = ENGINES[-1]
    with (
        postgres(CONF + WITH_TIMESCALEDB) as server,
        psycopg.connect(server.url, autocommit=True) as connection,
    ):
        migrate(connection, engine)
        began = time.monotonic()
        with connection.transaction(), connection.cursor() as cursor:
            apply_retention(cursor, Retention())
            cursor.execute("SELECT record.make_partitions(%s, %s)", (START, END))
        _fill_tags(connection)
        _fill_parts(connection)
        connection.execute("VACUUM ANALYZE")
        print(f"query on {engine}: {ROWS:,} samples, {PARTS:,} parts, filled in {time.monotonic() - began:.0f} s")
        _trends(connection, "rows as they came")
        if engine == "timescaledb":
            _to_columnstore(connection)
            _trends(connection, "rows in the columnstore")
        _passports(connection)


def _fill_tags(connection: psycopg.Connection[Any]) -> None:
    connection.execute(
        "INSERT INTO record.tags (plc, scan_group, name, kind, first_at)"
        f" SELECT 'plc1', 'process', 'Process.T' || n, 'number', now() FROM generate_series(1, {TAGS}) n"
    )
    step = timedelta(seconds=DAYS * 86_400 * TAGS / ROWS)
    for day in range(DAYS):
        low = START + timedelta(days=day)
        connection.execute(
            "INSERT INTO record.tag_samples (at, value, tag_id)"
            " SELECT at, 40 + 10 * sin(extract(epoch FROM at) / 9000 + tag) + random(), tag"
            f" FROM generate_series(%s::timestamptz, %s, %s) at, generate_series(1, {TAGS}) tag",
            (low, low + timedelta(days=1) - timedelta(microseconds=1), step),
        )
    for unit, table in (("1 hour", "tag_hours"), ("3 hours", "tag_three_hours"), ("1 day", "tag_days")):
        connection.execute(
            f"INSERT INTO record.{table} (bucket, tag_id, samples, bad, minimum, maximum, total, numbers)"
            f" SELECT date_bin('{unit}', at, '2000-01-03 00:00+00') AS bin, tag_id, count(*), 0, min(value),"
            " max(value), sum(value), count(value) FROM record.tag_samples GROUP BY 1, 2 ORDER BY 1, 2"
        )
    connection.execute("UPDATE record.rolled SET upto = %s", (END,))


def _to_columnstore(connection: psycopg.Connection[Any]) -> None:
    for (chunk,) in connection.execute("SELECT show_chunks('record.tag_samples', older_than => interval '7 days')"):
        connection.execute(f"CALL convert_to_columnstore('{chunk}')".encode())
    connection.execute("VACUUM ANALYZE record.tag_samples")


def _fill_parts(connection: psycopg.Connection[Any]) -> None:
    connection.execute(
        "INSERT INTO record.models (name, version, sha256) VALUES ('m', '1', '\\xab'); SELECT setseed(0.5);"
        "INSERT INTO record.parts (id, created_at, station, plc, counter, arrived, serial, sku, batch, cycle_time_ms,"
        " result, ruling, reason, verdicts, confirmed, decided_at, latency_ms, config_sha256)"
        f" SELECT md5(n::text)::uuid, '{START}'::timestamptz + n * ('{DAYS} days'::interval / {PARTS}), 'AOI1', 'plc1',"
        " n, true, 'S' || n, 'A', 'B' || n / 1000, 1500, CASE WHEN n % 20 = 0 THEN 'fail' ELSE 'pass' END, 'accept',"
        " 'passed', '[]', true,"
        f" '{START}'::timestamptz + n * ('{DAYS} days'::interval / {PARTS}) + interval '0.1 s', 100, '\\xab'"
        f" FROM generate_series(1, {PARTS}) n;"
        "INSERT INTO record.inspections (created_at, id, frame_id, part_id, station, camera, role, verdict,"
        " defect_count, model_id, config_sha256, inspected_at, queue_ms, decode_ms, prepare_ms, model_ms, finish_ms)"
        " SELECT created_at, gen_random_uuid(), gen_random_uuid(), id, station, 'top', 'live', result, 1, 1, '\\xab',"
        " created_at, 1, 1, 1, 1, 1 FROM record.parts;"
        "INSERT INTO record.defects (created_at, id, inspection_id, frame_id, part_id, station, camera, role, class,"
        " confidence, x, y, width, height) SELECT created_at, gen_random_uuid(), id, frame_id, part_id, station,"
        " camera, role, 'open', 0.9, 1, 1, 1, 1 FROM record.inspections WHERE verdict = 'fail';"
        "INSERT INTO record.alarms (id, source, code, subject, severity, message, context, raised_at, cleared_at,"
        " changed_at) SELECT gen_random_uuid(), 'plc-gateway-1', 'hot', 'plc1', 'high', '91', '{}', at, at"
        f" + interval '9 minutes', at FROM generate_series('{START}'::timestamptz, '{END}', '15 minutes') at".encode()
    )


def _trends(connection: psycopg.Connection[Any], what: str) -> None:
    width = timedelta(hours=-(-DAYS * 24 // POINTS))
    firsts, trends, raws = [], [], []
    cursor = connection.cursor(binary=True)
    for tag in random.Random(1).sample(range(1, TAGS + 1), min(TAGS, RUNS)):
        values, raw_values = (tag, START, END, POINTS), (width, tag, START, END)
        first, trend = _timed(lambda values=values: cursor.execute(TREND, values).fetchall())
        took, _ = _timed(lambda values=values: cursor.execute(TREND, values))
        cursor.execute(RAW, raw_values)
        took_raw, answer = _timed(lambda values=raw_values: cursor.execute(RAW, values))
        raw = answer.fetchall()
        assert [row[:4] for row in trend] == [row[:4] for row in raw], f"tag {tag}: trend and raw rows differ"
        assert all(abs(a[4] - b[4]) < 1e-9 * abs(b[4]) for a, b in zip(trend, raw, strict=True))
        firsts.append(first)
        trends.append(took)
        raws.append(took_raw)
    ratio = statistics.median(trends) / statistics.median(raws)
    mine, warm = f"p50 {quantile(firsts, 0.5):.1f} ms, p95 {quantile(firsts, 0.95):.1f} ms", quantile(trends, 0.5)
    print(f"query: trend of {len(trend)} points, {mine} (goal 100)")
    print(f"query: warm {warm:.2f} ms; from raw {what} {quantile(raws, 0.5):.1f} ms; ratio {ratio:.3f} (goal 0.05)")


def _passports(connection: psycopg.Connection[Any]) -> None:
    times, ask = [], "SELECT part_passport(md5(%s)::uuid)"
    for number in random.Random(2).sample(range(1, PARTS + 1), RUNS):
        took, found = _timed(lambda number=number: connection.execute(ask, (str(number),)).fetchone())
        assert found[0]["part"]["serial"] == f"S{number}"
        assert len(found[0]["inspections"]) == 1
        times.append(took)
    print(f"query: passport p50 {quantile(times, 0.5):.1f} ms, p95 {quantile(times, 0.95):.1f} ms,"
          f" max {max(times):.1f} ms (goal 200)")  # fmt: skip


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    began = time.perf_counter()
    answer = work()
    return (time.perf_counter() - began) * 1000, answer


if __name__ == "__main__":
    sys.exit(main())
