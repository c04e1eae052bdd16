"""Parts run from the controller to verdict, database and API, and every account agrees; LINE_PARTS says how many."""

import os
from collections import Counter

import pytest
from line_stack import Stack, wait_for

PARTS = int(os.environ.get("LINE_PARTS", "60"))
RESULT = {"accept": "pass", "reject": "fail", "hold": "held"}


@pytest.fixture(scope="module")
def settled(line: Stack) -> dict[str, int]:
    """The controller's account after a run of parts, everything decided and stored."""
    line.simulator("rate", {"takt_ms": 400})
    wait_for("parts", lambda: line.simulator("account")["AOI1"]["Counter"] >= PARTS, 60 + PARTS)
    return line.drain()["AOI1"]


def test_every_part_has_exactly_one_decision(line: Stack, settled: dict[str, int]) -> None:
    rows = line.sql("SELECT counter, count(*) AS n FROM decisions WHERE station = 'AOI1' GROUP BY counter")
    missed = line.sql("SELECT coalesce(sum(count), 0) AS n FROM missed_parts")[0]["n"]
    assert {row["n"] for row in rows} == {1}
    assert len(rows) + missed == settled["Counter"]


def test_the_controllers_account_is_the_databases_and_the_apis(line: Stack, settled: dict[str, int]) -> None:
    rulings = Counter(row["ruling"] for row in line.sql("SELECT ruling FROM decisions WHERE station = 'AOI1'"))
    missed = int(line.sql("SELECT coalesce(sum(count), 0) AS n FROM missed_parts")[0]["n"])
    told = {"accept": settled["Accepted"], "reject": settled["Rejected"], "hold": settled["Held"] - missed}
    assert {name: rulings[name] for name in told} == told
    pages = _all_parts(line)
    shown = Counter(part["result"] for part in pages)
    assert {name: shown[RESULT[name]] for name in told} == told


def test_each_part_was_ruled_as_its_gate_did(line: Stack, settled: dict[str, int]) -> None:
    assert settled["Counter"] >= PARTS
    missed = line.sql("SELECT first, last FROM missed_parts")
    gone = {counter for row in missed for counter in range(row["first"], row["last"] + 1)}
    gate = {row["sequence"]: row["ruling"] for row in line.truth("AOI1") if row["sequence"] not in gone}
    database = {row["counter"]: row["ruling"] for row in line.sql("SELECT counter, ruling FROM decisions")}
    assert database == gate


def test_no_part_whose_inspection_failed_was_accepted(line: Stack, settled: dict[str, int]) -> None:
    assert settled["Accepted"] > 0
    assert settled["Rejected"] > 0
    escaped = line.sql(
        "SELECT d.counter FROM decisions d JOIN inspections i ON i.part_id = d.part_id"
        " WHERE d.ruling = 'accept' AND i.role = 'live' AND i.verdict <> 'pass'"
    )
    assert escaped == []


def test_at_most_one_live_inspection_a_camera_and_absences_are_named(line: Stack, settled: dict[str, int]) -> None:
    doubles = line.sql(
        "SELECT part_id, camera FROM inspections WHERE role = 'live' AND part_id IS NOT NULL"
        " GROUP BY part_id, camera HAVING count(*) > 1"
    )
    silent = line.sql(
        "SELECT d.part_id FROM decisions d WHERE d.ruling = 'accept' AND NOT EXISTS"
        " (SELECT FROM inspections i WHERE i.part_id = d.part_id AND i.role = 'live')"
    )
    unnamed = line.sql(
        "SELECT counter FROM decisions WHERE NOT 'top' = ANY (absent) AND NOT EXISTS"
        " (SELECT FROM jsonb_array_elements(inspections) AS heard WHERE heard->>'camera' = 'top')"
    )
    assert settled["Arrived"] > 0
    assert (doubles, silent, unnamed) == ([], [], [])


def test_nothing_is_missing_between_publishers_and_database(line: Stack, settled: dict[str, int]) -> None:
    assert settled["Arrived"] == settled["Counter"]
    wait_for("empty gap report", lambda: line.sql("SELECT * FROM custody_gaps") == [], 60)
    assert line.sql("SELECT topic, error FROM dead_letters WHERE source IS NOT NULL") == []


def test_the_passport_knows_the_part(line: Stack, settled: dict[str, int]) -> None:
    assert settled["Rejected"] > 0
    failed = line.get("/api/v1/parts", result="fail", limit=1)["items"][0]
    passport = line.get(f"/api/v1/parts/{failed['id']}")
    assert passport["part"]["serial"] == failed["serial"]
    assert passport["decision"]["ruling"] == "reject"
    assert passport["inspections"][0]["defects"][0]["bounding_box"]["width"] > 0
    assert passport["images"], "a failed part keeps its image"


def _all_parts(line: Stack) -> list[dict[str, object]]:
    parts: list[dict[str, object]] = []
    page = line.get("/api/v1/parts", limit=50)
    while page["items"]:
        parts += page["items"]
        if not page.get("next"):
            break
        page = line.get("/api/v1/parts", limit=50, after=page["next"])
    return parts
