"""Serials, stations, thumbnails, what people keep."""

import io
from hashlib import sha256
from typing import Any
from uuid import uuid4

from PIL import Image


def test_serials_are_found_by_how_they_begin(plant: Any, api: Any) -> None:
    for serial in ("PRE-10", "PRE-2", "PRE-11", "PRE-11", "PRE_1", "PRA-1"):
        newest = plant.part(serial=serial)
    found = api.get("/serials", prefix="PRE-1").json()
    assert [one["serial"] for one in found] == ["PRE-10", "PRE-11"]
    assert [one["serial"] for one in api.get("/serials", prefix="PR", limit=2).json()] == ["PRA-1", "PRE-10"]
    assert api.get("/serials", prefix="PR%").json() == []
    assert newest.id


def test_a_serials_passport_is_its_newest_visit(plant: Any, api: Any) -> None:
    first, second = plant.part("open", serial="TWICE/1"), plant.part(serial="TWICE/1")
    passport = api.get("/serials/TWICE%2F1")
    assert passport.status_code in (200, 404)
    plain = plant.part(serial="ONCE-1")
    found = api.get("/serials/ONCE-1").json()
    assert (found["part"]["id"], found["visits"]) == (str(plain.id), [])
    assert first.id != second.id
    assert api.get("/serials/none-such").status_code == 404


def test_a_station_tells_its_last_twenty(plant: Any, api: Any) -> None:
    made = [str(plant.part(store=False).id) for _ in range(22)]
    for identity in made:
        plant.stored("parts", identity)
    station = api.get("/stations/AOI1").json()
    assert [part["id"] for part in station["recent"]] == made[:1:-1]
    assert station["last_part"]["id"] == made[-1]
    assert api.get("/stations/AOI2").status_code == 404


def _jpeg(width: int, height: int) -> bytes:
    made = io.BytesIO()
    Image.effect_noise((width, height), 60).convert("RGB").save(made, "JPEG", quality=90)
    return made.getvalue()


def test_a_thumbnail_is_small_and_sent_once(plant: Any, api: Any) -> None:
    image, frame = _jpeg(1280, 1024), uuid4()
    plant.sql(
        """INSERT INTO record.kept_images (created_at, frame_id, inspection_id, station, camera, verdict, width, height,
            sha256, image) VALUES (now(), %s, %s, 'AOI1', 'top', 'fail', 1280, 1024, %s, %s)""",
        frame, uuid4(), sha256(image).digest(), image,
    )  # fmt: skip
    whole, small = (api.http.get(f"/api/v1/images/{frame}{query}") for query in ("", "?width=320"))
    with Image.open(io.BytesIO(small.content)) as seen:
        assert seen.size == (320, 256)
    assert whole.content == image
    assert len(small.content) < len(image) / 4
    assert small.headers["etag"] != whole.headers["etag"]
    again = api.http.get(f"/api/v1/images/{frame}?width=320", headers={"If-None-Match": small.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert api.http.get(f"/api/v1/images/{frame}?width=321").status_code == 422


def test_what_is_no_image_has_no_thumbnail(plant: Any, api: Any) -> None:
    made = plant.part("open")
    assert api.http.get(f"/api/v1/images/{made.inspection.frame_id}?width=160").status_code == 404


def test_a_part_is_kept_once_and_says_by_whom(plant: Any, api: Any) -> None:
    made = plant.part("open")
    path = f"/parts/{made.id}/keep"
    first = api.post(path, {"comment": "sample"}, api.token("operator"), Idempotency_Key=str(uuid4()))
    second = api.post(path, {}, api.token("engineer"), Idempotency_Key=str(uuid4()))
    assert first.status_code == 200, first.text
    assert (second.status_code, second.json()["by"]) == (409, "operator")
    passport = api.get(f"/parts/{made.id}").json()
    assert passport["part"]["kept"] is True
    assert (passport["kept"]["actor"], passport["kept"]["comment"]) == ("operator", "sample")
    assert second.json()["at"][:19] == passport["kept"]["kept_at"][:19]
    assert api.post(f"/parts/{uuid4()}/keep", {}, api.token("operator"), Idempotency_Key="k").status_code == 404


def test_all_lists_are_tables_too(plant: Any, api: Any, scan: Any) -> None:
    made = plant.part("open")
    plant.publish(scan(Table_Value=3.0))
    inspections = api.get("/exports/inspections.csv", verdict="fail").text
    assert str(made.inspection.inspection_id) in inspections
    assert api.get("/exports/dispositions.csv").text.startswith("id,part_id,")
    assert api.get("/exports/tags/Process.Temperature.csv").status_code in (200, 404)
