"""Every frame ends as an inspection that says what it is."""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import cv2
import numpy as np
import pytest

from jidoka.inference.inspector import Inspector
from jidoka.inference.line import Inference
from jidoka.inference.model import Machine, Model
from jidoka.schemas import Frame, Verdict, new_id

NOW = datetime(2026, 5, 4, 12, 0, 0, tzinfo=UTC)
SHA = "ab" * 32


def frame(image: np.ndarray | bytes, **more: object) -> Frame:
    data = (
        image if isinstance(image, bytes) else cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 95])[1].tobytes()
    )
    height, width = (160, 320) if isinstance(image, bytes) else image.shape[:2]
    fields = {
        "frame_id": new_id(), "station": "AOI1", "camera": "top", "part_id": new_id(), "captured_at": NOW,
        "deadline_at": NOW + timedelta(seconds=4), "width": width, "height": height,
        "sha256": hashlib.sha256(data).hexdigest(), "image": data,
    }  # fmt: skip
    return Frame(**(fields | more))


@pytest.fixture
def inspector(colours: Path) -> Callable[..., Inspector]:
    model = Model.load(colours, Machine("cpu", 1))

    def build(**rules: object) -> Inspector:
        return Inspector(lambda _station, _sku: model, Inference(model=colours, confidence=0.6, **rules), SHA)

    return build


def test_a_defect_is_found_where_it_is(inspector, board):
    shot = frame(board)
    found = inspector().inspect(shot, NOW)
    assert (found.verdict, found.reason) == (Verdict.FAIL, "1 red")
    (defect,) = found.defects
    assert defect.defect_class == "red"
    box = defect.box
    assert (box.x, box.y, box.width, box.height) == pytest.approx((80, 40, 40, 40), abs=0.01)
    assert found.quality_score == pytest.approx(1 - defect.confidence, abs=1e-5)
    assert (found.frame_id, found.part_id, found.config_sha256) == (shot.frame_id, shot.part_id, SHA)
    assert found.model.sha256 != SHA
    assert found.timings.decode > 0


def test_a_clean_image_passes_with_a_quality_near_one(inspector):
    found = inspector().inspect(frame(np.full((160, 320, 3), 90, np.uint8)), NOW)
    assert (found.verdict, found.defects, found.reason) == (Verdict.PASS, (), None)
    assert found.quality_score == pytest.approx(1, abs=0.02)


def test_the_same_frame_gives_the_same_ids(inspector, board):
    shot = frame(board)
    first, again = inspector().inspect(shot, NOW), inspector().inspect(shot, NOW + timedelta(seconds=1))
    assert first.inspection_id == again.inspection_id
    assert [d.defect_id for d in first.defects] == [d.defect_id for d in again.defects]
    assert inspector().inspect(frame(board), NOW).inspection_id != first.inspection_id


def jpeg_claiming(width: int, height: int) -> bytes:
    data = bytearray(cv2.imencode(".jpg", np.zeros((160, 320, 3), np.uint8))[1].tobytes())
    at = data.index(b"\xff\xc0")
    data[at + 5 : at + 9] = height.to_bytes(2, "big") + width.to_bytes(2, "big")
    return bytes(data)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"deadline_at": NOW - timedelta(milliseconds=250)}, "late: 250 ms"),
        ({"sha256": "00" * 32}, "damaged"),
        ({"healthy": False, "health": "black"}, "unhealthy: black"),
        ({"width": 321}, "unreadable: an image of 320 x 160 that was announced as 321 x 160"),
    ],
)
def test_what_is_not_worth_a_look_is_invalid_and_never_a_pass(inspector, board, change, says):
    found = inspector().inspect(frame(board, **change), NOW)
    assert found.verdict is Verdict.INVALID
    assert found.reason is not None
    assert found.reason.startswith(says)
    assert (found.defects, found.quality_score, found.timings.model) == ((), None, 0)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "not a JPEG"),
        (b"GIF89a" * 20, "not a JPEG"),
        (b"\xff\xd8" + b"\x00" * 50, "without a frame header"),
        (cv2.imencode(".jpg", np.zeros((160, 320, 3), np.uint8))[1].tobytes()[:-200], "truncated"),
        (jpeg_claiming(30_000, 30_000), "announced as 320 x 160"),
    ],
)
def test_bytes_that_are_no_image_are_invalid(inspector, data, says):
    found = inspector().inspect(frame(data), NOW)
    assert found.verdict is Verdict.INVALID
    assert says in (found.reason or "")
    assert inspector().evidence(frame(data), found) is None or says == "truncated"


def test_a_huge_image_that_is_announced_as_such_is_refused_before_it_is_decoded(inspector):
    found = inspector().inspect(frame(jpeg_claiming(30_000, 30_000), width=30_000, height=30_000), NOW)
    assert (found.verdict, found.reason) == (Verdict.INVALID, "unreadable: 30000 x 30000 pixels, more than 50000000")


def test_a_grey_jpeg_is_inspected(inspector):
    found = inspector().inspect(frame(np.full((160, 320), 90, np.uint8)), NOW)
    assert found.verdict is Verdict.PASS


@pytest.mark.parametrize(
    ("rules", "verdict", "defects"),
    [
        ({"classes": {"red": {"severity": "note"}}}, Verdict.PASS, 1),
        ({"classes": {"red": {"count": 2}}}, Verdict.PASS, 1),
        ({"classes": {"red": {"min_area": 1700}}}, Verdict.PASS, 0),
        ({"classes": {"red": {"min_area": 1500}}}, Verdict.FAIL, 1),
        ({"classes": {"red": {"confidence": 0.999}}}, Verdict.PASS, 0),
        ({"classes": {"blue": {"confidence": 0.1}}}, Verdict.FAIL, 1),
        ({"region": [{"station": "AOI1", "include": [[0, 0, 50, 160]]}]}, Verdict.PASS, 0),
        ({"region": [{"station": "AOI1", "camera": "top", "ignore": [[90, 50, 20, 20]]}]}, Verdict.PASS, 0),
        ({"region": [{"station": "AOI2", "ignore": [[0, 0, 320, 160]]}]}, Verdict.FAIL, 1),
    ],
)
def test_rules_decide(inspector, board, rules, verdict, defects):
    found = inspector(**rules).inspect(frame(board), NOW)
    assert (found.verdict, len(found.defects)) == (verdict, defects)


def test_evidence_is_kept_of_every_fail_and_of_a_share_of_the_passes(inspector, board):
    shot = frame(board)
    at_work = inspector(evidence_pass_share=0.25)
    kept = at_work.evidence(shot, at_work.inspect(shot, NOW))
    assert kept is not None
    assert kept.intact()
    assert (kept.frame_id, kept.image, kept.verdict) == (shot.frame_id, shot.image, Verdict.FAIL)
    clean = frame(np.full((160, 320, 3), 90, np.uint8))
    passed = at_work.inspect(clean, NOW)
    frames = [clean.model_copy(update={"frame_id": new_id()}) for _ in range(400)]
    share = sum(at_work.evidence(one, passed) is not None for one in frames)
    assert 50 < share < 150
    assert at_work.evidence(frames[0], passed) == at_work.evidence(frames[0], passed)


def test_evidence_of_a_damaged_frame_is_what_arrived(inspector, board):
    shot = frame(board, sha256="00" * 32)
    kept = inspector().evidence(shot, inspector().inspect(shot, NOW))
    assert kept is not None
    assert kept.intact()
