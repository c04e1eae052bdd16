"""What the PLC was told."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from jidoka.schemas.message import Carriage, Fields, Message
from jidoka.schemas.types import Count, Id, Milliseconds, Name, Sha256, Text, UtcTime
from jidoka.schemas.vision import Verdict


class Ruling(StrEnum):
    """The three things a part can be told; hold is what the controller does when it hears nothing."""

    ACCEPT = "accept"
    REJECT = "reject"
    HOLD = "hold"


class Reason(StrEnum):
    """Why a part was ruled as it was."""

    PASSED = "passed"
    FAILED = "failed"
    INVALID = "invalid"
    CAPTURE_FAILED = "capture_failed"
    DEADLINE = "deadline"
    RESTART = "restart"
    REPLAYED = "replayed"


class PartResult(StrEnum):
    """`parts.result` in the database and the API."""

    PASS = "pass"
    FAIL = "fail"
    HELD = "held"


RESULT_OF: dict[Ruling, PartResult] = {
    Ruling.ACCEPT: PartResult.PASS,
    Ruling.REJECT: PartResult.FAIL,
    Ruling.HOLD: PartResult.HELD,
}
"""The one place that maps ruling to result."""


class CameraVerdict(Fields):
    """The live inspection of one camera that a decision rests on."""

    camera: Name
    inspection_id: Id
    verdict: Verdict


class Decision(Message, topic="decisions/{station}", carriage=Carriage.RECORD):
    """What the PLC was told for one part; exactly one per part and station."""

    part_id: Id
    station: Name
    plc: Name
    counter: Count
    ruling: Ruling
    reason: Reason
    detail: Text | None = None
    inspections: Annotated[tuple[CameraVerdict, ...], Field(max_length=64, strict=False)] = ()
    absent: Annotated[tuple[Name, ...], Field(max_length=64, strict=False)] = Field(
        default=(), description="cameras whose verdict was missing when the part was decided"
    )
    confirmed: bool = Field(description="the controller's memory was read back and holds this verdict")
    bypassed: bool = Field(
        default=False, description="the station was in bypass: the gate let the part go on untouched"
    )
    arrived_at: UtcTime
    decided_at: UtcTime
    latency_ms: Milliseconds = Field(description="from arrival seen to verdict read back, or given up")
    config_sha256: Sha256
