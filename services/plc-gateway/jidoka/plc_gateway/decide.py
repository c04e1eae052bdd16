"""What to tell the PLC about a part: pure rules, no clock, no I/O."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from fnmatch import fnmatchcase
from uuid import UUID

from jidoka.schemas import CameraVerdict, CaptureFailed, Inspection, Reason, Role, Ruling, Verdict

_WEIGHT = {Verdict.PASS: 0, Verdict.INVALID: 1, Verdict.FAIL: 2}


@dataclass(frozen=True, slots=True)
class Visit:
    """One visit of one part to one station."""

    part_id: UUID
    station: str
    plc: str
    counter: int
    serial: str | None
    arrived_at: datetime

    @property
    def trace(self) -> str:
        """W3C traceparent: everything about one visit is one trace, whose number is the part's id."""
        return f"00-{self.part_id.hex}-{self.part_id.hex[16:]}-01"


@dataclass(frozen=True, slots=True)
class Finding:
    """A ruling and what it rests on."""

    ruling: Ruling
    reason: Reason
    detail: str | None = None
    inspections: tuple[CameraVerdict, ...] = ()
    absent: tuple[str, ...] = ()


@dataclass(slots=True)
class Case:
    """A part that waits for its ruling; `cameras` says of each camera of the station whether it is required."""

    visit: Visit
    cameras: Mapping[str, bool]
    due: float = 0.0
    challenge: bool = False
    verdicts: dict[str, CameraVerdict] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)

    def hear(self, message: Inspection | CaptureFailed) -> None:
        """Take in one message about this part; shadow models and cameras of other stations do not count."""
        if message.camera not in self.cameras or message.station != self.visit.station:
            return
        if isinstance(message, CaptureFailed):
            self.failures[message.camera] = f"{message.camera}: {message.code}: {message.reason}"[:500]
        elif message.role is Role.LIVE:
            self._weigh(message)

    def _weigh(self, inspection: Inspection) -> None:
        known = self.verdicts.get(inspection.camera)
        if known is None or _WEIGHT[inspection.verdict] > _WEIGHT[known.verdict]:
            self.verdicts[inspection.camera] = CameraVerdict(
                camera=inspection.camera, inspection_id=inspection.inspection_id, verdict=inspection.verdict
            )


def rule(case: Case) -> Finding | None:
    """The ruling that follows from what was heard, or None while it is open.

    The first fail of any camera rejects. A required camera that is invalid or has no picture holds, because nothing
    can make the part pass any more. When all required cameras pass, the part is accepted.
    """
    verdicts = {camera: given.verdict for camera, given in case.verdicts.items()}
    required = [camera for camera, needed in case.cameras.items() if needed]
    if Verdict.FAIL in verdicts.values():
        return _finding(case, Ruling.REJECT, Reason.FAILED)
    if any(verdicts.get(camera) is Verdict.INVALID for camera in required):
        return _finding(case, Ruling.HOLD, Reason.INVALID)
    lost = [case.failures[camera] for camera in required if camera in case.failures and camera not in verdicts]
    if lost:
        return _finding(case, Ruling.HOLD, Reason.CAPTURE_FAILED, lost[0])
    if not required or any(camera not in verdicts for camera in required):
        return None
    if case.challenge:
        return _finding(case, Ruling.HOLD, Reason.INVALID, "a challenge part, known to be bad, passed the inspection")
    return _finding(case, Ruling.ACCEPT, Reason.PASSED)


def hold(case: Case, reason: Reason, detail: str | None = None) -> Finding:
    """Hold the part, naming the cameras that said nothing."""
    return _finding(case, Ruling.HOLD, reason, detail)


def is_challenge(serial: str | None, patterns: tuple[str, ...]) -> bool:
    """Whether a serial is that of a challenge part, by shell patterns such as `CHALLENGE-*`."""
    return serial is not None and any(fnmatchcase(serial, pattern) for pattern in patterns)


def _finding(case: Case, ruling: Ruling, reason: Reason, detail: str | None = None) -> Finding:
    absent = tuple(camera for camera in case.cameras if camera not in case.verdicts)
    return Finding(ruling, reason, detail, tuple(case.verdicts.values()), absent)
