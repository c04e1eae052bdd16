"""Roll-ups, figures, retention: the same numbers as the raw rows, and history that stays."""

from datetime import timedelta
from typing import Any

import pytest

from jidoka.historian.line import Retention
from jidoka.historian.policies import AHEAD, apply_retention, delete_old_facts, drop_old, make_partitions
from jidoka.schemas import Disposition, RecordDisposition, Ruling, new_id

RAW = """
SELECT date_bin(%s, at, '2000-01-03 00:00+00') AS bin, count(*), min(value), max(value), round(avg(value)::numeric, 9)
FROM tag_samples WHERE tag_id = %s AND at >= %s AND at < %s GROUP BY bin ORDER BY bin
"""
TREND = "SELECT at, samples, minimum, maximum, round(mean::numeric, 9) FROM tag_trend(%s, %s, %s, %s)"


def roll_up(record: Any, closed: Any) -> None:
    with record.database.transaction() as cursor:
        while cursor.execute("SELECT record.roll_up_tags(%s, 1000)", (closed,)).fetchone()[0]:
            pass
        cursor.execute("SELECT record.roll_up_figures(1000)")


def write_three_days(record: Any, source: Any, make: Any) -> Any:
    start = make.now.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=3)
    scans = [make.scan(at=start + timedelta(minutes=7 * n, seconds=n % 60), a=float(n % 37), b=n) for n in range(600)]
    record.write(source.send(*scans[:300]))
    record.write(source.send(*scans[300:]))
    return start


@pytest.mark.parametrize(
    ("points", "width"),
    [(3, "1 day"), (5, "1 day"), (20, "6 hours"), (30, "3 hours"), (70, "2 hours"), (100, "1 hour"), (500, "9 minutes"),
     (5000, "1 minute"), (9000, "28.8 seconds")],
)  # fmt: skip
def test_a_trend_from_any_level_equals_the_raw_rows(
    record: Any, source: Any, make: Any, points: int, width: str
) -> None:
    start = write_three_days(record, source, make)
    tag = record.one("SELECT id FROM tags WHERE name = 'a'")
    end = start + timedelta(days=3)
    roll_up(record, make.now)
    record.write(source.send(make.scan(at=start + timedelta(hours=5), a=1000.0)))
    roll_up(record, make.now)
    trend = record.rows(TREND, tag, start, end, points)
    assert trend == record.rows(RAW, width, tag, start, end)
    assert max(row[3] for row in trend) == 1000.0


def test_what_is_not_rolled_up_yet_comes_from_the_samples(record: Any, source: Any, make: Any) -> None:
    start = write_three_days(record, source, make)
    tag = record.one("SELECT id FROM tags WHERE name = 'b'")
    roll_up(record, start + timedelta(days=1, hours=7, minutes=33))
    end = start + timedelta(days=3)
    assert record.rows(TREND, tag, start, end, 70) == record.rows(RAW, "2 hours", tag, start, end)
    assert record.rows(TREND, tag, start, end, 24) == record.rows(RAW, "3 hours", tag, start, end)
    assert record.rows(TREND, tag, start, end, 3) == record.rows(RAW, "1 day", tag, start, end)


def test_roll_ups_outlive_the_samples(record: Any, source: Any, make: Any) -> None:
    write_three_days(record, source, make)
    roll_up(record, make.now)
    before = record.one("SELECT count(*), sum(samples) FROM tag_hours")
    later = make.now + timedelta(days=60)
    with record.database.transaction() as cursor:
        apply_retention(cursor, Retention(tag_samples_days=31, tag_minutes_days=31))
        assert drop_old(cursor, later) > 0
    assert record.one("SELECT count(*) FROM tag_samples") == 0
    roll_up(record, later)
    assert record.one("SELECT count(*), sum(samples) FROM tag_hours") == before


def test_retention_never_reaches_into_the_window_of_late_records(record: Any, source: Any, make: Any) -> None:
    late = make.now - timedelta(days=29)
    record.write(source.send(make.scan(at=late)))
    with record.database.transaction() as cursor:
        apply_retention(cursor, Retention(facts_days=1, images_pass_days=1))
        drop_old(cursor, make.now)
        make_partitions(cursor, make.now)
    assert record.one("SELECT count(*) FROM tag_samples") == 1


def test_old_passes_go_and_judged_images_stay(record: Any, source: Any, other: Any, make: Any) -> None:
    kept, gone = make.part(), make.part()
    one, two = make.inspection(kept, "open"), make.inspection(gone)
    record.write(source.send(kept, gone) + other.send(one, make.evidence(one), two, make.evidence(two)))
    judged = RecordDisposition(
        action_id=new_id(), actor="maria", at=make.now, disposition_id=new_id(), part_id=kept.part_id,
        disposition=Disposition.CONFIRMED,
    )  # fmt: skip
    record.write(other.send(judged))
    with record.database.transaction() as cursor:
        drop_old(cursor, make.now + timedelta(days=200))
    assert record.rows("SELECT frame_id, kept FROM images") == [(one.frame_id, True)]


def test_an_image_older_than_its_class_is_kept_is_receipted_and_not_stored(
    record: Any, source: Any, other: Any, make: Any
) -> None:
    part = make.part(at=make.now - timedelta(days=20))
    seen = make.inspection(part)
    (done,) = record.write(other.send(seen, make.evidence(seen)))
    assert done.effects.rows["images_pass_expired"] == 1
    assert record.one("SELECT count(*) FROM images") == 0
    assert record.one("SELECT count(*) FROM dead_letters") == 0


def test_old_parts_are_deleted(record: Any, source: Any, make: Any) -> None:
    record.write(source.send(make.part(at=make.now - timedelta(days=20)), make.part()))
    with record.database.transaction() as cursor:
        assert delete_old_facts(cursor, make.now + timedelta(days=350), Retention()) == 1
    assert record.one("SELECT count(*) FROM parts") == 1


def test_partitions_are_made_ahead_and_once(record: Any, engine: str, make: Any) -> None:
    with record.database.transaction() as cursor:
        assert make_partitions(cursor, make.now) == 0
        made = make_partitions(cursor, make.now + AHEAD)
    assert (made > 0) == (engine == "postgresql")


def test_station_figures_with_corrections(record: Any, source: Any, other: Any, make: Any) -> None:
    hour = make.now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=2)
    parts = [make.part(at=hour + timedelta(minutes=n), cycle_time_ms=1000.0) for n in range(10)]
    rulings = [Ruling.ACCEPT] * 6 + [Ruling.REJECT] * 3 + [Ruling.HOLD]
    seen = [make.inspection(part, "open") for part in parts[6:8]] + [make.inspection(parts[8], "short", "open")]
    record.write(source.send(*parts) + other.send(*seen))
    record.write(source.send(*(make.decision(part, ruling) for part, ruling in zip(parts, rulings, strict=True))))
    roll_up(record, make.now)
    figures = "SELECT parts, passed, failed, held, yield, corrected_yield, cycle_ms_mean FROM station_figures(%s, %s)"
    span = (hour, hour + timedelta(hours=1))
    assert record.one(figures, *span) == (10, 6, 3, 1, 0.6, 0.6, 1000.0)
    judged = RecordDisposition(
        action_id=new_id(), actor="maria", at=make.now, disposition_id=new_id(), part_id=parts[6].part_id,
        disposition=Disposition.FALSE_CALL,
    )  # fmt: skip
    record.write(other.send(judged))
    roll_up(record, make.now)
    assert record.one(figures, *span) == (10, 6, 3, 1, 0.6, 0.7, 1000.0)
    assert record.rows("SELECT class, found, running_share FROM defect_pareto(%s, %s)", *span) == [
        ("open", 3, 0.75), ("short", 1, 1.0),
    ]  # fmt: skip


def test_days_of_the_site_follow_daylight_saving(record: Any) -> None:
    with record.database.transaction() as cursor:
        cursor.execute(
            "INSERT INTO record.station_hours SELECT h, 'AOI1', 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0,"
            " record.histogram(NULL), record.histogram(NULL)"
            " FROM generate_series('2026-10-24T00:00Z'::timestamptz, '2026-10-26T23:00Z', '1 hour') h"
        )
    query = "SELECT parts FROM station_figures('2026-10-23T22:00Z', '2026-10-26T23:00Z', 'day', 'Europe/Berlin')"
    assert [parts for (parts,) in record.rows(query)] == [22, 25, 24]
