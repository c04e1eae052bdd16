"""Records that come for chunks which are compressed already; policies that are set again and again (TimescaleDB)."""

from datetime import timedelta
from typing import Any

import pytest

from jidoka.historian.line import Retention
from jidoka.historian.policies import apply_retention, drop_old
from jidoka.runtime.testing import TIMESCALEDB_INSTALLED
from jidoka.schemas import Disposition, KeepPart, RecordDisposition, new_id

JOBS = """
SELECT hypertable_name, config->>'compress_after' FROM timescaledb_information.jobs
WHERE proc_name = 'policy_compression' ORDER BY hypertable_name
"""


pytestmark = [
    pytest.mark.skipif(not TIMESCALEDB_INSTALLED, reason="TimescaleDB is not installed"),
    pytest.mark.parametrize("template", ["timescaledb"], indirect=True),
]


def compress(record: Any) -> None:
    """All chunks, as the policy would; the shared database has some of other tests, too."""
    chunks = record.rows(
        "SELECT (quote_ident(chunk_schema) || '.' || quote_ident(chunk_name)) FROM timescaledb_information.chunks"
        " WHERE hypertable_name IN ('tag_samples', 'inspections', 'defects') AND NOT is_compressed"
    )
    for (chunk,) in chunks:
        record.database.connection.execute(f"CALL convert_to_columnstore('{chunk}')".encode())
    compressed = "SELECT count(*) FROM timescaledb_information.chunks WHERE hypertable_name = %s AND is_compressed"
    assert all(record.one(compressed, table) > 0 for table in ("tag_samples", "inspections", "defects"))


def test_late_records_and_repeats_meet_compressed_chunks(record: Any, source: Any, other: Any, make: Any) -> None:
    old = make.now - timedelta(days=12)
    parts = [make.part(at=old + timedelta(seconds=n)) for n in range(6)]
    seen = [make.inspection(part, "open") for part in parts]
    scans = [make.scan(at=old + timedelta(seconds=n), heat=float(n)) for n in range(6)]
    early = source.send(*parts[:5], *scans[:5]) + other.send(*seen[:5])
    record.write(early)
    compress(record)
    again = make.inspection(parts[0], "open", inspection_id=seen[0].inspection_id)
    record.write([*early, *source.send(parts[5], scans[5]), *other.send(seen[5], again)])
    assert record.one("SELECT count(*), sum(value) FROM tag_samples") == (6, 15.0)
    assert record.one("SELECT count(*), count(DISTINCT id) FROM inspections") == (6, 6)
    assert record.one("SELECT count(*), count(DISTINCT id) FROM defects") == (6, 6)
    assert record.rows("SELECT * FROM custody_gaps") == []
    assert record.rows("SELECT kind FROM dead_letters") == []


def test_what_people_do_later_reaches_a_compressed_chunk(record: Any, source: Any, other: Any, make: Any) -> None:
    part = make.part(at=make.now - timedelta(days=12))
    seen = make.inspection(part, "open")
    record.write(source.send(part, make.decision(part), make.scan(at=part.arrived_at, heat=1.0)) + other.send(seen))
    compress(record)
    who = {"actor": "maria", "at": make.now}
    judged = RecordDisposition(
        action_id=new_id(), disposition_id=new_id(), part_id=part.part_id, defect_id=seen.defects[0].defect_id,
        disposition=Disposition.FALSE_CALL, **who,
    )  # fmt: skip
    record.write(other.send(judged, KeepPart(action_id=new_id(), part_id=part.part_id, **who)))
    with record.database.transaction() as cursor:
        cursor.execute("SELECT record.roll_up_figures(100)")
        assert drop_old(cursor, make.now + timedelta(days=400)) > 0
    assert record.one("SELECT disposition FROM defects") == "false_call"
    assert record.one("SELECT found, false_calls FROM record.defect_minutes") == (1, 1)
    assert record.one("SELECT count(*) FROM kept_tag_samples") == 1


def test_policies_may_be_applied_again_and_follow_line_toml(record: Any) -> None:
    with record.database.transaction() as cursor:
        apply_retention(cursor, Retention())
        apply_retention(cursor, Retention())
    first = record.rows(JOBS)
    assert [name for name, _ in first] == ["defects", "inspections", "tag_minutes", "tag_samples"]
    with record.database.transaction() as cursor:
        apply_retention(cursor, Retention(columnstore_after_days=3))
    assert record.rows(JOBS) == [(name, "3 days") for name, _ in first]
    with record.database.transaction() as cursor:
        apply_retention(cursor, Retention())
    assert record.rows(JOBS) == first
