from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jidoka.plc_gateway.decide import Case, Visit, hold, is_challenge, rule
from jidoka.schemas import (
    CaptureFailed,
    Inspection,
    ModelRef,
    Reason,
    Role,
    Ruling,
    Timings,
    Verdict,
    new_id,
)

PART = UUID(int=7)
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def case(**cameras: bool) -> Case:
    return Case(Visit(PART, "AOI1", "plc1", 5, "S-5", NOW), cameras or {"top": True})


def inspection(camera: str, verdict: Verdict, station: str = "AOI1", role: Role = Role.LIVE) -> Inspection:
    return Inspection(
        inspection_id=new_id(),
        frame_id=new_id(),
        part_id=PART,
        station=station,
        camera=camera,
        role=role,
        verdict=verdict,
        model=ModelRef(name="m", version="1", sha256="0" * 64),
        config_sha256="0" * 64,
        captured_at=NOW,
        inspected_at=NOW,
        timings=Timings(queue=0, decode=0, prepare=0, model=0, finish=0),
    )


def no_picture(camera: str) -> CaptureFailed:
    return CaptureFailed(
        capture_id=new_id(), part_id=PART, station="AOI1", camera=camera, at=NOW, code="timeout", reason="no picture"
    )


def test_one_camera_passes() -> None:
    waiting = case()
    waiting.hear(inspection("top", Verdict.PASS))
    finding = rule(waiting)
    assert finding is not None
    assert (finding.ruling, finding.reason, finding.absent) == (Ruling.ACCEPT, Reason.PASSED, ())
    assert [verdict.camera for verdict in finding.inspections] == ["top"]


def test_first_fail_rejects_and_names_the_cameras_not_heard() -> None:
    waiting = case(top=True, side=True)
    waiting.hear(inspection("side", Verdict.FAIL))
    finding = rule(waiting)
    assert finding is not None
    assert (finding.ruling, finding.reason, finding.absent) == (Ruling.REJECT, Reason.FAILED, ("top",))


def test_a_fail_of_an_optional_camera_rejects_too() -> None:
    waiting = case(top=True, side=False)
    waiting.hear(inspection("side", Verdict.FAIL))
    finding = rule(waiting)
    assert finding is not None and finding.ruling is Ruling.REJECT


def test_all_required_cameras_must_pass() -> None:
    waiting = case(top=True, side=True, extra=False)
    waiting.hear(inspection("top", Verdict.PASS))
    assert rule(waiting) is None
    waiting.hear(inspection("side", Verdict.PASS))
    finding = rule(waiting)
    assert finding is not None
    assert (finding.ruling, finding.absent) == (Ruling.ACCEPT, ("extra",))


def test_invalid_is_never_a_pass() -> None:
    waiting = case()
    waiting.hear(inspection("top", Verdict.INVALID))
    finding = rule(waiting)
    assert finding is not None
    assert (finding.ruling, finding.reason) == (Ruling.HOLD, Reason.INVALID)


def test_a_failed_capture_of_a_required_camera_holds_with_its_reason() -> None:
    waiting = case()
    waiting.hear(no_picture("top"))
    finding = rule(waiting)
    assert finding is not None
    assert (finding.ruling, finding.reason, finding.absent) == (Ruling.HOLD, Reason.CAPTURE_FAILED, ("top",))
    assert finding.detail == "top: timeout: no picture"


def test_a_failed_capture_of_an_optional_camera_changes_nothing() -> None:
    waiting = case(top=True, side=False)
    waiting.hear(no_picture("side"))
    assert rule(waiting) is None


@pytest.mark.parametrize(
    "message",
    [
        inspection("top", Verdict.PASS, station="AOI2"),
        inspection("top", Verdict.PASS, role=Role.SHADOW),
        inspection("unknown", Verdict.PASS),
        no_picture("unknown"),
    ],
)
def test_what_does_not_count(message: Inspection | CaptureFailed) -> None:
    waiting = case()
    waiting.hear(message)
    assert rule(waiting) is None


def test_the_worst_of_several_verdicts_of_one_camera_counts() -> None:
    waiting = case(top=True, side=True)
    waiting.hear(inspection("top", Verdict.INVALID))
    waiting.hear(inspection("top", Verdict.PASS))
    waiting.hear(inspection("side", Verdict.PASS))
    finding = rule(waiting)
    assert finding is not None and finding.ruling is Ruling.HOLD


def test_a_challenge_part_is_never_accepted() -> None:
    waiting = Case(Visit(PART, "AOI1", "plc1", 5, "CHAL-1", NOW), {"top": True}, challenge=True)
    waiting.hear(inspection("top", Verdict.PASS))
    finding = rule(waiting)
    assert finding is not None
    assert (finding.ruling, finding.reason) == (Ruling.HOLD, Reason.INVALID)


def test_challenge_serials_are_patterns() -> None:
    assert is_challenge("CHAL-17", ("CHAL-*",))
    assert not is_challenge("S-17", ("CHAL-*",))
    assert not is_challenge(None, ("*",))


def test_deadline_names_the_absent_cameras() -> None:
    waiting = case(top=True, side=True)
    waiting.hear(inspection("side", Verdict.PASS))
    finding = hold(waiting, Reason.DEADLINE)
    assert (finding.ruling, finding.absent) == (Ruling.HOLD, ("top",))


EVENTS = st.lists(
    st.tuples(st.sampled_from(["top", "side", "extra"]), st.sampled_from([*Verdict, None])),
    max_size=8,
)


@given(EVENTS)
def test_accept_needs_a_pass_of_every_required_camera_and_no_fail(events: list[tuple[str, Verdict | None]]) -> None:
    waiting = case(top=True, side=True, extra=False)
    for camera, verdict in events:
        waiting.hear(inspection(camera, verdict) if verdict else no_picture(camera))
    finding = rule(waiting)
    given_verdicts = {(camera, verdict) for camera, verdict in events}
    accepted = finding is not None and finding.ruling is Ruling.ACCEPT
    if accepted:
        assert {("top", Verdict.PASS), ("side", Verdict.PASS)} <= given_verdicts
        assert not any(verdict is Verdict.FAIL for _, verdict in given_verdicts)
    assert (finding is not None and finding.ruling is Ruling.REJECT) == any(
        verdict is Verdict.FAIL for _, verdict in given_verdicts
    )
