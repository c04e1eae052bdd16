"""The questions that the API and plant SQL ask, answered by views and functions."""

from datetime import UTC, datetime, timedelta
from typing import Any

from jidoka.schemas import AlarmCondition, ModelRef, Ruling, Severity, new_id

OTHER = ModelRef(name="pcb-defects", version="2", sha256="ab" * 32)


def roll_up(record: Any, closed: Any) -> None:
    with record.database.transaction() as cursor:
        while cursor.execute("SELECT record.roll_up_tags(%s, 1000)", (closed,)).fetchone()[0]:
            pass
        cursor.execute("SELECT record.roll_up_figures(1000)")


def test_a_sample_says_how_good_it_is(record: Any, source: Any, make: Any) -> None:
    scan = make.scan(at=make.now - timedelta(minutes=3), a=1.0, b=2.0, c="x").model_copy(
        update={"bad": {"d": "path segment error"}, "uncertain": {"b": "read in two parts", "c": "stale"}}
    )
    record.write(source.send(scan))
    assert record.rows("SELECT tag, value, text, quality, reason FROM tag_samples ORDER BY tag") == [
        ("a", 1.0, None, "good", None), ("b", 2.0, None, "uncertain", "read in two parts"),
        ("c", None, "x", "uncertain", "stale"), ("d", None, None, "bad", "path segment error"),
    ]  # fmt: skip
    assert record.rows("SELECT tag, quality, reason FROM tag_latest WHERE quality <> 'good' ORDER BY tag")[0] == (
        "b", "uncertain", "read in two parts",
    )  # fmt: skip
    roll_up(record, make.now)
    day = "tag_trend((SELECT id FROM tags WHERE name = %s), now() - interval '1 day', now(), 24)"
    assert record.one(f"SELECT samples, mean, bad, uncertain FROM {day}", "b") == (1, 2.0, 0, 1)
    assert record.one(f"SELECT samples, mean, bad, uncertain FROM {day}", "d") == (1, None, 1, 0)


def test_a_bypassed_part_is_seen(record: Any, source: Any, make: Any) -> None:
    through, usual = make.part(), make.part()
    record.write(source.send(through, usual, make.decision(through, bypassed=True), make.decision(usual)))
    assert record.rows("SELECT id, bypassed FROM parts ORDER BY bypassed") == [
        (usual.part_id, False),
        (through.part_id, True),
    ]
    assert record.one("SELECT part_id FROM decisions WHERE bypassed") == through.part_id
    roll_up(record, make.now)
    assert record.one("SELECT sum(bypassed)::int FROM station_figures(now() - interval '1 day', now(), 'day')") == 1


def test_figures_of_unaligned_spans_count_each_part_once(record: Any, source: Any, make: Any) -> None:
    start = make.now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=6)
    parts = [make.part(at=start + timedelta(minutes=7 * n), serial=f"S{n % 20}") for n in range(40)]
    rulings = [Ruling.REJECT if n % 10 == 3 else Ruling.ACCEPT for n in range(40)]
    record.write(source.send(*parts))
    record.write(source.send(*(make.decision(part, ruling) for part, ruling in zip(parts, rulings, strict=True))))
    roll_up(record, make.now)
    cuts = [start + timedelta(minutes=m) for m in (0, 3, 61, 61, 178, 240, 281)]
    spans = (cuts[:-1], cuts[:-1], cuts[1:])
    figures = "SELECT at, parts, first_visits, first_passed FROM station_figures_in(%s, %s, %s, NULL, false)"
    counted = record.rows(figures, *spans)
    assert sum(row[1] for row in counted) == 40
    for at, count, *_ in counted:
        end = cuts[len(cuts) - 1 - cuts[::-1].index(at) + 1]
        assert count == sum(at <= part.arrived_at < end for part in parts)
    assert [sum(row[n] for row in counted) for n in (2, 3)] == [20, 18]
    total = record.one("SELECT parts, passed, yield, first_pass_yield, undecided FROM"
                       " station_figures_in(ARRAY[%s], ARRAY[%s], ARRAY[%s])", start, start, cuts[-1])  # fmt: skip
    assert total == (40, 36, 0.9, 0.9, 0)


def test_shifts_follow_the_clock_on_the_wall(record: Any) -> None:
    with record.database.transaction() as cursor:
        cursor.execute(
            "INSERT INTO record.station_hours SELECT h, 'AOI1', 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0,"
            " record.histogram(NULL), record.histogram(NULL)"
            " FROM generate_series('2026-10-24T00:00Z'::timestamptz, '2026-10-26T23:00Z', '1 hour') h"
        )
    query = (
        "SELECT shift, at, parts FROM shift_figures('2026-10-24T12:00Z', '2026-10-25T21:00Z', 'Europe/Berlin',"
        " '{early,late,night}', '{06:00,14:00,22:00}')"
    )
    assert record.rows(query) == [
        ("late", datetime(2026, 10, 24, 12, tzinfo=UTC), 8),
        ("night", datetime(2026, 10, 24, 20, tzinfo=UTC), 9),
        ("early", datetime(2026, 10, 25, 5, tzinfo=UTC), 8),
        ("late", datetime(2026, 10, 25, 13, tzinfo=UTC), 8),
    ]


def test_recall_by_time_batch_model_and_tag(record: Any, source: Any, other: Any, make: Any) -> None:
    start = make.now - timedelta(hours=2)
    parts = [make.part(at=start + timedelta(minutes=n), batch="B8" if n > 6 else "B7") for n in range(10)]
    seen = [make.inspection(part) for part in parts]
    seen[4] = seen[4].model_copy(update={"model": OTHER})
    scans = [make.scan(at=start + timedelta(seconds=5 * n), heat=90.0 if 24 <= n < 30 else 40.0) for n in range(120)]
    record.write(source.send(*parts, *scans) + other.send(*seen))
    record.write(source.send(*map(make.decision, parts)))
    span = (start, start + timedelta(minutes=10))

    def found(query: str, *more: Any) -> list[int]:
        ids = [row[0] for row in record.rows(query, *span, *more)]
        return sorted(index for index, part in enumerate(parts) if part.part_id in ids)

    assert found("SELECT id FROM recall_parts(%s, %s)") == list(range(10))
    assert found("SELECT id FROM recall_parts(%s, %s, 'B8')") == [7, 8, 9]
    assert found("SELECT id FROM recall_parts(%s, %s, NULL, %s)", OTHER.sha256) == [4]
    assert found("SELECT id FROM recall_parts(%s, %s, 'B8', %s)", OTHER.sha256) == []
    tag = record.one("SELECT id FROM tags WHERE name = 'heat'")
    hot = f"SELECT id FROM recall_by_tag({tag}, %s, %s, NULL, 80"
    for _ in range(2):
        (excursion,) = record.rows("SELECT * FROM tag_excursions(%s, %s, %s, NULL, 80)", tag, *span)
        assert excursion == (start + timedelta(seconds=120), start + timedelta(seconds=145), 6, 90.0, 90.0)
        assert found(f"{hot})") == [2]
        assert found(f"{hot}, '1 minute', '1 minute')") == [1, 2, 3]
        roll_up(record, make.now)


def test_alarm_history_and_alarms_of_a_time(record: Any, source: Any, make: Any) -> None:
    def condition(alarm_id: Any, minute: int, active: bool) -> AlarmCondition:
        return AlarmCondition(
            alarm_id=alarm_id, source="plc-gateway-1", code="hot", subject="plc1", active=active, station="AOI1",
            severity=Severity.HIGH, message="91.2", at=make.now - timedelta(minutes=60 - minute),
        )  # fmt: skip

    over, open_, odd = new_id(), new_id(), new_id()
    record.write(source.send(condition(over, 10, True), condition(over, 20, False), condition(open_, 30, True)))
    record.write(source.send(condition(odd, 40, True), condition(odd, 35, False)))
    active = "SELECT id FROM alarms_between(now() - %s * interval '1 minute', now() - %s * interval '1 minute')"
    assert record.rows(active, 45, 42) == [(over,)]
    assert record.rows(active, 35, 31) == []
    assert record.rows(active, 29, 28) == [(open_,)]
    history = record.rows("SELECT alarm_id, event, code, severity FROM alarm_history ORDER BY at DESC, id DESC")
    assert history[-2:] == [(over, "cleared", "hot", "high"), (over, "raised", "hot", "high")]
    assert len(history) == 5


def test_the_passport_tells_all_of_one_part(record: Any, source: Any, other: Any, make: Any) -> None:
    part, again = make.part(serial="S1"), make.part(serial="S1", at=make.now - timedelta(days=2))
    seen = make.inspection(part, "open", "short")
    raised = AlarmCondition(
        alarm_id=new_id(), source="plc-gateway-1", code="hot", subject="plc1", active=True, severity=Severity.HIGH,
        message="91.2", at=make.now - timedelta(minutes=1),
    )  # fmt: skip
    scans = [make.scan(at=make.now + timedelta(seconds=n), heat=float(n)) for n in range(-5, 6)]
    record.write(source.send(part, again, raised, *scans) + other.send(seen, make.evidence(seen)))
    record.write(source.send(make.decision(part, Ruling.REJECT)))
    known = record.one("SELECT part_passport(%s)", part.part_id)
    assert (known["part"]["serial"], known["decision"]["ruling"], known["kept"]) == ("S1", "reject", None)
    assert [one["id"] for one in known["visits"]] == [str(again.part_id)]
    assert [sorted(one["class"] for one in two["defects"]) for two in known["inspections"]] == [["open", "short"]]
    assert [image["sha256"] for image in known["images"]] == [record.one("SELECT sha256 FROM images")]
    assert [alarm["code"] for alarm in known["alarms"]] == ["hot"]
    (heat,) = known["tags"]
    assert (heat["tag"], heat["value"], heat["minimum"], heat["maximum"], heat["samples"]) == (
        "heat",
        0.0,
        -5.0,
        5.0,
        11,
    )
    assert record.one("SELECT part_passport(%s)", new_id()) is None
