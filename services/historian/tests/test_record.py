"""What is written can be read back through the views, once each, whatever comes twice or in the wrong order."""

from datetime import timedelta
from typing import Any

from jidoka.schemas import CaptureFailed, PartsMissed, Ruling, Stream, new_id


def test_a_part_with_all_that_is_known_of_it(record: Any, source: Any, other: Any, make: Any) -> None:
    part = make.part(serial="SN-7")
    seen = make.inspection(part, "open", "short")
    record.write(source.send(part) + other.send(seen, make.evidence(seen)))
    record.write(source.send(make.decision(part, Ruling.REJECT)))
    row = record.one("SELECT serial, sku, batch, station, result, cycle_time_ms, quality_score, created_at FROM parts")
    assert row == ("SN-7", "BOARD-A", "B7", "AOI1", "fail", 1500.0, 0.1, part.arrived_at)
    assert record.rows("SELECT class, part_id, bounding_box->>'x' FROM defects ORDER BY class") == [
        ("open", part.part_id, "10.5"),
        ("short", part.part_id, "10.5"),
    ]
    assert record.one("SELECT frame_id, image FROM images") == (seen.frame_id, make.evidence(seen).image)
    assert record.one("SELECT ruling, absent, confirmed FROM decisions") == ("reject", [], True)
    assert record.one("SELECT model, verdict, defect_count, config_sha256 FROM inspections")[:3] == (
        "pcb-defects",
        "fail",
        2,
    )


def test_decision_and_inspection_may_overtake_the_arrival(record: Any, source: Any, other: Any, make: Any) -> None:
    part = make.part()
    record.write(other.send(make.inspection(part)))
    assert record.rows("SELECT id FROM parts") == []
    record.write(source.send(make.decision(part)))
    assert record.one("SELECT result, serial FROM parts") == ("pass", None)
    record.write(source.send(part))
    assert record.one("SELECT result, serial, quality_score FROM parts") == ("pass", part.serial, 0.9)


def test_samples_of_every_type(record: Any, source: Any, make: Any) -> None:
    scan = make.scan(a=1.25, b=True, c=-7, d=2**60 + 1, e="R7").model_copy(update={"bad": {"f": "path segment error"}})
    record.write(source.send(scan))
    assert record.rows("SELECT tag, value, text, bad FROM tag_samples ORDER BY tag") == [
        ("a", 1.25, None, None),
        ("b", 1.0, None, None),
        ("c", -7.0, None, None),
        ("d", float(2**60), str(2**60 + 1), None),
        ("e", None, "R7", None),
        ("f", None, None, "path segment error"),
    ]
    assert dict(record.rows("SELECT name, kind FROM tags")) == {
        "a": "number", "b": "boolean", "c": "number", "d": "number", "e": "text", "f": None,
    }  # fmt: skip


def test_repeats_are_receipted_and_not_stored_again(record: Any, source: Any, make: Any) -> None:
    batch = source.send(make.scan(), make.part(), make.scan())
    first = record.write(batch)
    second = record.write(batch + batch)
    assert record.one("SELECT count(*) FROM tag_samples") == 2
    assert record.one("SELECT count(*) FROM parts") == 1
    assert len(second[0].claim.repeats) == 6
    for done in (first, second):
        assert {key[1] for key in done[0].claim.after} == {"samples", "facts"}
    (receipt,) = record.writer.receipts.of(["plc-gateway-1"], make.now)
    assert {mark.stream: mark.upto for mark in receipt.watermarks} == {Stream.SAMPLES: 2, Stream.FACTS: 1}


def test_the_same_record_twice_in_one_batch_is_one(record: Any, source: Any, make: Any) -> None:
    (scan,) = source.send(make.scan())
    record.write([scan, scan])
    assert record.one("SELECT count(*) FROM tag_samples") == 1


def test_a_repeat_below_the_watermark_stays_a_repeat_after_a_restart(record: Any, source: Any, make: Any) -> None:
    batches = [source.send(*(make.scan() for _ in range(500))) for _ in range(4)]
    for batch in batches:
        record.write(batch)
    assert record.one("SELECT count(*) FROM record.inbox") == 1000
    record.restart()
    for batch in batches:
        record.write(batch)
    assert record.one("SELECT count(*) FROM tag_samples") == 2000


def test_gaps_are_seen_until_they_are_filled(record: Any, source: Any, make: Any) -> None:
    first, late, last = source.send(make.scan(), make.scan(), make.scan())
    record.write([first, last])
    assert record.one("SELECT source, stream, first, last FROM custody_gaps") == ("plc-gateway-1", "samples", 2, 2)
    (receipt,) = record.writer.receipts.of(["plc-gateway-1"], make.now)
    assert (receipt.watermarks[0].upto, receipt.watermarks[0].extras) == (1, (3,))
    record.restart()
    record.write([late])
    assert record.rows("SELECT * FROM custody_gaps") == []
    (receipt,) = record.writer.receipts.of(["plc-gateway-1"], make.now)
    assert (receipt.watermarks[0].upto, receipt.watermarks[0].extras) == (3, ())


def test_receipts_after_a_restart_cover_every_epoch(record: Any, source: Any, make: Any) -> None:
    record.write(source.send(make.scan(), make.scan()))
    old = source.epoch
    source.restart()
    record.write(source.send(make.scan()))
    record.restart()
    (receipt,) = record.writer.receipts.of(["plc-gateway-1"], make.now)
    assert [(str(mark.epoch), mark.upto) for mark in receipt.watermarks] == [(source.epoch, 1), (old, 2)]


def test_the_second_result_of_one_inspection_adds_nothing(record: Any, source: Any, other: Any, make: Any) -> None:
    part = make.part()
    one = make.inspection(part, "open")
    again = make.inspection(part, "open", inspection_id=one.inspection_id)
    record.write(source.send(part) + other.send(one))
    record.write(other.send(again))
    assert record.one("SELECT count(*) FROM inspections") == 1
    assert record.one("SELECT count(*) FROM defects") == 1


def test_missed_parts_and_failed_captures(record: Any, source: Any, make: Any) -> None:
    part = make.part()
    missed = PartsMissed(
        missed_id=new_id(), station="AOI1", plc="plc1", first=10, last=12, count=3, at=make.now, reason="ring overrun"
    )
    failed = CaptureFailed(
        capture_id=new_id(),
        part_id=part.part_id,
        station="AOI1",
        camera="top",
        at=make.now,
        code="timeout",
        reason="none",
    )
    record.write(source.send(part, missed, failed))
    assert record.one("SELECT first, last, count FROM missed_parts") == (10, 12, 3)
    assert record.one("SELECT part_id, code FROM captures") == (part.part_id, "timeout")


def test_a_wrong_clock_loses_nothing(record: Any, source: Any, other: Any, make: Any) -> None:
    past, future = make.now - timedelta(days=400), make.now + timedelta(days=4000)
    part = make.part(at=future)
    seen = make.inspection(part, "open")
    deliveries = source.send(make.scan(at=past), part) + other.send(seen, make.evidence(seen))
    done = record.write(deliveries)
    record.write(source.send(make.decision(part)) + other.send(make.inspection(part, inspection_id=seen.inspection_id)))
    assert record.one("SELECT claimed_at, at > now() - interval '1 minute' FROM tag_samples") == (past, True)
    assert record.one("SELECT claimed_at, result, created_at < now() FROM parts") == (future, "pass", True)
    assert record.one("SELECT count(*) FROM inspections") == 1
    assert record.one("SELECT count(*) FROM images") == 1
    assert {fact.source for fact in done[0].moved} == {"plc-gateway-1", "inference-1"}


def test_late_records_of_the_last_thirty_days_keep_their_time(record: Any, source: Any, make: Any) -> None:
    late = make.now - timedelta(days=29, hours=23)
    record.write(source.send(make.scan(at=late), make.part(at=late)))
    assert record.one("SELECT at, claimed_at FROM tag_samples") == (late, None)
    assert record.one("SELECT created_at FROM parts") == late
