"""Figures by span and by step, from roll-ups and from parts, and recall lists."""

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from jidoka.runtime.testing import until

DAY = datetime(2026, 3, 28, 23, tzinfo=UTC)  # midnight in Berlin, before a day of 23 hours
SHIFTS = """
[[shift]]
name = "early"
start = "06:00"
planned_minutes = 400
[[shift]]
name = "late"
start = "14:00"
[[shift]]
name = "night"
start = "22:00"
[[target]]
station = "AOI1"
cycle_ms = 60000
"""
SPAN = {"from": DAY.isoformat(), "to": (DAY + timedelta(hours=23)).isoformat()}


@pytest.fixture(scope="module")
def made(plant: Any, api: Any) -> Any:
    """Sixty parts of each hour of one day, one a minute: each hour has its own number of rejects."""
    plant.sql(
        """INSERT INTO record.parts (id, created_at, station, plc, arrived, serial, batch, result, cycle_time_ms)
        SELECT gen_random_uuid(), %s + n * interval '1 min' + interval '5 s', 'AOI1', 'plc1', true,
               'DST-' || n %% 1370, 'DST', CASE WHEN n %% 60 < n / 60 THEN 'fail' ELSE 'pass' END, 1000
        FROM generate_series(0, 1379) AS n""",
        DAY,
    )
    plant.sql("INSERT INTO record.due_figures SELECT created_at - interval '5 s', station FROM record.parts "
              "WHERE batch = 'DST'")  # fmt: skip
    plant.sql("SELECT record.roll_up_figures(5000)")
    until(lambda: _rolled(plant) == 1380, 60, "the roll-up of a day")
    return plant


def _rolled(plant: Any) -> int:
    rows = plant.sql("SELECT coalesce(sum(parts), 0) AS n FROM station_hours WHERE bucket >= %s AND bucket < %s",
                     DAY, DAY + timedelta(hours=23))  # fmt: skip
    return int(rows[0]["n"])


@pytest.fixture(scope="module")
def shifts(plant: Any, made: Any) -> Iterator[Any]:
    path = plant.folder / "shifts.toml"
    path.write_text(plant.line_file.read_text() + SHIFTS)
    with plant.api(LINE_FILE=str(path)) as running:
        yield running


def test_a_day_of_23_hours_is_one_day_and_23_steps(made: Any, api: Any) -> None:
    whole = api.get("/kpis", **SPAN).json()
    hours = api.get("/kpis/series", unit="hour", **SPAN).json()
    days = api.get("/kpis/series", unit="day", **SPAN).json()
    assert (whole["produced"], whole["rejected"], whole["oee"]) == (1380, sum(range(23)), None)
    assert whole["reinspected"] == 10
    assert [step["rejected"] for step in hours["steps"]] == list(range(23))
    assert [step["produced"] for step in days["steps"]] == [1380]
    assert days["timezone"] == "Europe/Berlin"
    assert sum(entry["parts"] for entry in whole["cycle_histogram"]) == 1380


def test_unaligned_ends_are_exact(made: Any, api: Any) -> None:
    low, high = DAY + timedelta(minutes=30, seconds=6), DAY + timedelta(hours=3, minutes=10, seconds=5)
    found = api.get("/kpis", **{"from": low.isoformat(), "to": high.isoformat()}).json()
    assert found["produced"] == 29 + 60 + 60 + 10
    assert found["rejected"] == 1 + 2 + 3


def test_shifts_and_oee_follow_the_configuration(shifts: Any) -> None:
    steps = shifts.get("/kpis/series", unit="shift", station="AOI1", **SPAN).json()["steps"]
    assert [(step["shift"], step["produced"]) for step in steps] == [
        ("night", 300), ("early", 480), ("late", 480), ("night", 120),
    ]  # fmt: skip
    early = steps[1]["oee"]
    assert (early["planned_s"], early["busy_s"]) == (400 * 60, 480 * 60)
    assert early["availability"] == pytest.approx(1.2)
    assert early["effectiveness"] == pytest.approx(1.0)
    assert early["plausible"] is False
    whole = shifts.get("/kpis", **SPAN).json()["oee"]
    assert whole["oee"] == pytest.approx((1380 - sum(range(23))) * 60 / whole["planned_s"])


def test_what_is_not_configured_is_said(made: Any, api: Any, shifts: Any) -> None:
    assert api.get("/kpis/series", unit="shift", **SPAN).status_code == 400
    too_long = {"from": "2026-01-01T00:00:00Z", "to": SPAN["to"]}
    assert shifts.get("/kpis/series", unit="hour", **too_long).status_code == 400


def test_a_series_is_a_table(made: Any, api: Any) -> None:
    text = api.get("/exports/kpis.csv", unit="hour", **SPAN).text
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [int(row["rejected"]) for row in rows] == list(range(23))
    assert rows[0]["cycle_time_ms.mean"] == "1000.0"
    assert rows[0]["oee.availability"] == ""


def test_a_false_call_leaves_pareto_and_yield_at_once(plant: Any, api: Any) -> None:
    part = plant.part("spur")
    token = api.token("operator")
    start = part.arrived.arrived_at.isoformat()
    before = api.get("/kpis", **{"from": start}).json()
    finding: dict[str, Any] = {"part_id": str(part.id), "disposition": "false_call"}
    defect = finding | {"defect_id": str(part.inspection.defects[0].defect_id)}
    for number, body in enumerate((finding, defect)):
        assert api.post("/dispositions", body, token, Idempotency_Key=f"fc{part.id}{number}").status_code == 200
    after = api.get("/kpis", **{"from": start}).json()
    assert "spur" in {entry["defect_class"] for entry in before["pareto"]}
    assert "spur" not in {entry["defect_class"] for entry in after["pareto"]}
    assert (before["false_calls"], after["false_calls"]) == (0, 1)
    assert after["corrected_yield"] > before["corrected_yield"]


@pytest.mark.parametrize(("query", "parts"), [({"batch": "DST"}, 1380), ({"batch": "DST", "station": "AOI2"}, 0)])
def test_a_recall_by_batch_and_time_is_exact(made: Any, api: Any, query: dict[str, str], parts: int) -> None:
    first = api.get("/recall", limit=500, **query, **SPAN).json()
    seen, page = [item["part_id"] for item in first["items"]], first
    while page["next"]:
        page = api.get("/recall", limit=500, after=page["next"], **query, **SPAN).json()
        seen += [item["part_id"] for item in page["items"]]
    assert (first["matching"], len(seen), len(set(seen))) == (parts, parts, parts)
    rows = list(csv.DictReader(io.StringIO(api.get("/exports/recall.csv", **query, **SPAN).text)))
    assert {row["part_id"] for row in rows} == set(seen)


def test_a_recall_by_a_tag_lists_the_parts_of_its_excursion(plant: Any, api: Any, scan: Any) -> None:
    plant.publish(scan(Recall_Heat=40.0))
    outside = plant.part(batch="HEAT")
    plant.publish(scan(Recall_Heat=95.0))
    until(lambda: [t["value"] for t in api.get("/tags", prefix="Recall.Heat").json()] == [95.0], 20, "the hot sample")
    hit = plant.part(batch="HEAT")
    heat = {"tag": "Recall.Heat", "above": "90", "batch": "HEAT", "after_s": "5"}
    found = api.get("/recall", **heat).json()["items"]
    assert str(hit.id) in {part["part_id"] for part in found}
    assert {part["maximum"] for part in found} == {95.0}
    assert api.get("/recall", **heat | {"above": "99"}).json()["items"] == []
    assert str(outside.id) in {part["part_id"] for part in api.get("/recall", batch="HEAT").json()["items"]}


@pytest.mark.parametrize(
    ("query", "status"),
    [({"tag": "No.Such", "above": "1"}, 404), ({"tag": "X"}, 422), ({"above": "1"}, 422), ({"below": "nan"}, 422)],
)
def test_a_recall_that_makes_no_sense_is_refused(api: Any, query: dict[str, str], status: int) -> None:
    assert api.get("/recall", **query).status_code == status
