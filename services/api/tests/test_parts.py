"""Parts, passports, defects, images, figures: what is stored is what is answered."""

import csv
import io
from typing import Any
from uuid import uuid4

import pytest

from jidoka.runtime.testing import until


def test_a_part_is_listed_with_its_result(plant: Any, api: Any) -> None:
    bad, good = plant.part("open", serial="LIST-1"), plant.part(serial="LIST-2")
    items = api.get("/parts", limit=500).json()["items"]
    results = {item["id"]: item["result"] for item in items}
    assert results[str(bad.id)] == "fail"
    assert results[str(good.id)] == "pass"
    assert items == sorted(items, key=lambda item: (item["created_at"], item["id"]), reverse=True)


@pytest.mark.parametrize(
    ("name", "value"),
    [("serial", "F-1"), ("sku", "PCB-F"), ("batch", "B-F"), ("result", "fail"), ("station", "AOI1"), ("plc", "plc1")],
)
def test_filters_leave_only_what_matches(plant: Any, api: Any, name: str, value: str) -> None:
    wanted = plant.part("short", serial="F-1", sku="PCB-F", batch="B-F")
    plant.part(serial="F-2", sku="PCB-G", batch="B-G")
    items = api.get("/parts", **{name: value, "limit": 500}).json()["items"]
    assert str(wanted.id) in {item["id"] for item in items}
    assert {item[name] for item in items} == {value}


def test_pages_hold_every_part_once(plant: Any, api: Any) -> None:
    made = {str(plant.part(store=False, batch="PAGES").id) for _ in range(7)}
    for identity in made:
        plant.stored("parts", identity)
    seen: list[str] = []
    after: dict[str, str] = {}
    while True:
        answer = api.get("/parts", batch="PAGES", limit=3, **after).json()
        seen += [item["id"] for item in answer["items"]]
        if answer["next"] is None:
            break
        after = {"after": answer["next"]}
    assert len(seen) == 7
    assert set(seen) == made


def test_a_time_range_is_honoured(plant: Any, api: Any) -> None:
    made = plant.part(serial="RANGE")
    at = made.arrived.arrived_at.isoformat()
    assert api.get("/parts", serial="RANGE", **{"from": at}).json()["items"] != []
    assert api.get("/parts", serial="RANGE", to=at).json()["items"] == []


def test_the_passport_holds_all_that_is_known(plant: Any, api: Any, scan: Any) -> None:
    earlier = plant.part(serial="PASSPORT")
    plant.publish(scan(Process_Temperature=41.5, Process_Recipe="R1"))
    made = plant.part("mousebite", "spur", serial="PASSPORT")
    passport = api.get(f"/parts/{made.id}").json()
    assert passport["part"]["serial"] == "PASSPORT"
    assert passport["decision"]["ruling"] == "reject"
    assert passport["decision"]["inspections"][0]["camera"] == "top"
    defects = passport["inspections"][0]["defects"]
    assert {defect["defect_class"] for defect in defects} == {"mousebite", "spur"}
    assert defects[0]["bounding_box"] == {"x": 10.5, "y": 20.0, "width": 30.0, "height": 31.25}
    assert [image["id"] for image in passport["images"]] == [str(made.inspection.frame_id)]
    assert {tag["tag"]: tag["value"] for tag in passport["tags"]}["Process.Temperature"] == 41.5
    assert [visit["id"] for visit in passport["visits"]] == [str(earlier.id)]


def test_an_image_is_sent_once(plant: Any, api: Any) -> None:
    made = plant.part("open")
    url = api.get(f"/parts/{made.id}").json()["images"][0]["url"]
    first = api.http.get(url)
    assert first.content == made.evidence.image
    assert first.headers["content-type"] == "image/jpeg"
    again = api.http.get(url, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_defects_are_filtered_by_class_and_confidence(plant: Any, api: Any) -> None:
    made = plant.part("pinhole")
    found = api.get("/defects", **{"class": "pinhole", "confidence": 0.5}).json()["items"]
    assert str(made.id) in {defect["part_id"] for defect in found}
    assert {defect["defect_class"] for defect in found} == {"pinhole"}
    assert api.get("/defects", **{"class": "pinhole", "confidence": 0.99}).json()["items"] == []


def test_inspections_have_their_defects(plant: Any, api: Any) -> None:
    made = plant.part("open", "short")
    items = api.get("/inspections", verdict="fail", limit=500).json()["items"]
    mine = next(item for item in items if item["id"] == str(made.inspection.inspection_id))
    assert mine["defect_count"] == len(mine["defects"]) == 2
    assert mine["model_sha256"] == made.inspection.model.sha256


def test_stations_count_todays_parts(plant: Any, api: Any) -> None:
    before = api.get("/stations").json()[0]["counts"]
    plant.part("open")
    newest = plant.part()
    station = api.get("/stations").json()[0]
    assert station["counts"] == {**before, "pass": before["pass"] + 1, "fail": before["fail"] + 1}
    assert station["last_part"]["id"] == str(newest.id)


def test_figures_are_those_of_the_parts(plant: Any, api: Any) -> None:
    start = plant.part("open").arrived.arrived_at
    first = plant.part("short", "short", serial="TWICE")
    plant.part(serial="TWICE")
    last = plant.part()
    end = last.decision.decided_at
    kpis = api.get("/kpis", **{"from": start.isoformat(), "to": end.isoformat()}).json()
    counts = {name: kpis[name] for name in ("produced", "good", "rejected", "held", "reinspected")}
    assert counts == {"produced": 4, "good": 2, "rejected": 2, "held": 0, "reinspected": 1}
    assert kpis["quality_ratio"] == 0.5
    assert kpis["first_pass_yield"] == pytest.approx(1 / 3)
    assert kpis["ppm"] == 500_000
    assert [(entry["defect_class"], entry["defects"]) for entry in kpis["pareto"]] == [("short", 2), ("open", 1)]
    assert kpis["cycle_time_ms"]["mean"] == 1500.0
    assert first.id != last.id


def test_figures_of_nothing_are_null(api: Any) -> None:
    span = {"from": "2001-01-01T00:00:00Z", "to": "2001-01-02T00:00:00Z"}
    kpis = api.get("/kpis", **span).json()
    assert (kpis["produced"], kpis["quality_ratio"], kpis["ppm"], kpis["pareto"]) == (0, None, None, [])


def test_tags_have_their_newest_value_and_a_history(plant: Any, api: Any, scan: Any) -> None:
    plant.publish(*[scan(Trend_Value=float(value), Trend_Text="on") for value in range(10)])
    _until_tag(api, "Trend.Value", 9.0)
    tags = {tag["name"]: tag for tag in api.get("/tags", prefix="Trend.").json()}
    assert set(tags) == {"Trend.Value", "Trend.Text"}
    assert tags["Trend.Text"]["text"] == "on"
    points = api.get("/tags/Trend.Value/history", points=10).json()["points"]
    assert sum(point["samples"] for point in points) == 10
    assert (min(p["minimum"] for p in points), max(p["maximum"] for p in points)) == (0.0, 9.0)


@pytest.mark.parametrize("path", ["/parts/{}", "/images/{}", "/alarms/{}", "/alarms/{}/events"])
def test_what_is_not_there_is_404(api: Any, path: str) -> None:
    answer = api.get(path.format(uuid4()))
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == 404


def _until_tag(api: Any, name: str, value: float) -> None:
    until(lambda: [t["value"] for t in api.get("/tags", prefix=name).json()] == [value], 20, f"{name} = {value}")


def test_an_export_holds_every_row_and_no_formula(plant: Any, api: Any) -> None:
    made = [plant.part(store=False, batch="=EXPORT", serial=f"X-{n}") for n in range(5)]
    for part in made:
        plant.stored("parts", part.id)
    answer = api.get("/exports/parts.csv", batch="=EXPORT")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert {row["id"] for row in rows} == {str(part.id) for part in made}
    assert {row["batch"] for row in rows} == {"'=EXPORT"}


def test_an_export_goes_on_beyond_one_page(plant: Any, api: Any) -> None:
    plant.sql(
        """INSERT INTO record.parts (id, created_at, station, arrived, batch)
        SELECT gen_random_uuid(), timestamptz '2020-01-01' + mod(n, 7) * interval '1 s', 'AOI1', true, 'MANY'
        FROM generate_series(1, 2500) AS n"""
    )
    rows = list(csv.DictReader(io.StringIO(api.get("/exports/parts.csv", batch="MANY").text)))
    assert len({row["id"] for row in rows}) == len(rows) == 2500


def test_a_recall_lists_the_parts_of_a_model(plant: Any, api: Any) -> None:
    made = plant.part("open", batch="RECALL")
    mine = api.get("/parts", model_sha256=made.inspection.model.sha256, batch="RECALL").json()["items"]
    assert [part["id"] for part in mine] == [str(made.id)]
    assert api.get("/parts", model_sha256="0" * 64, batch="RECALL").json()["items"] == []
