"""What the cameras and the model say: frames, failed captures, inspections, evidence."""

import hashlib
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from jidoka.schemas.message import Carriage, Fields, ImageMessage, Message, Stream
from jidoka.schemas.types import Coordinate, Id, Label, Milliseconds, Name, Pixels, Sha256, Share, Text, UtcTime


class Verdict(StrEnum):
    """What the model's boxes and the rules say of one frame; invalid is never a pass."""

    PASS = "pass"
    FAIL = "fail"
    INVALID = "invalid"


class Role(StrEnum):
    """Whether an inspection counts (live) or is only compared (shadow)."""

    LIVE = "live"
    SHADOW = "shadow"


class Frame(ImageMessage, topic="frames/{station}/{camera}", carriage=Carriage.STREAM, expiry=10):
    """One image of one part, full size."""

    frame_id: Id
    station: Name
    camera: Name
    part_id: Id | None = Field(default=None, description="absent when no part triggered the frame")
    sku: Label | None = None
    captured_at: UtcTime
    deadline_at: UtcTime | None = Field(default=None, description="after this time the verdict is of no use")
    width: Pixels
    height: Pixels
    sha256: Sha256 = Field(description="of the payload")
    healthy: bool = True
    health: Text | None = Field(default=None, description="what is wrong with the image, when it is not healthy")

    def intact(self) -> bool:
        """Whether the payload is what the camera's gateway sent."""
        return hashlib.sha256(self.image).hexdigest() == self.sha256


class LiveFrame(ImageMessage, topic="live/{station}/{camera}", carriage=Carriage.STREAM, qos=0, expiry=2):
    """A downscaled view for people; the newest wins."""

    station: Name
    camera: Name
    at: UtcTime
    width: Pixels
    height: Pixels


class CaptureFailed(Message, topic="captures/{station}/{camera}", carriage=Carriage.RECORD):
    """A part for which no usable frame came."""

    capture_id: Id
    part_id: Id
    station: Name
    camera: Name
    at: UtcTime
    code: Name = Field(description="timeout, stale, unreadable, offline, ...")
    reason: Text


class Box(Fields):
    """Axis-aligned box in pixels of the frame, origin at the top left."""

    x: Coordinate
    y: Coordinate
    width: Annotated[float, Field(ge=0, le=65_535)]
    height: Annotated[float, Field(ge=0, le=65_535)]


class Defect(Fields):
    """One thing that the model found."""

    defect_id: Id
    defect_class: Label
    confidence: Share
    box: Box


class ModelRef(Fields):
    """Which model made an inspection."""

    name: Label
    version: Label
    sha256: Sha256


class Timings(Fields):
    """Milliseconds spent on one frame."""

    queue: Milliseconds = Field(description="from capture to the start of work, by two hosts' clocks")
    decode: Milliseconds
    prepare: Milliseconds
    model: Milliseconds
    finish: Milliseconds


class Inspection(Message, topic="inspections/{station}/{verdict}", carriage=Carriage.RECORD):
    """What one model says of one frame."""

    inspection_id: Id = Field(description="UUIDv5 of frame, model hash and role: a repeat has the same id")
    frame_id: Id
    part_id: Id | None = None
    station: Name
    camera: Name
    role: Role = Role.LIVE
    verdict: Verdict
    reason: Text | None = Field(default=None, description="why it is invalid, or which rule failed it")
    quality_score: Share | None = Field(default=None, description="1 less the highest confidence among all candidates")
    defects: Annotated[tuple[Defect, ...], Field(max_length=300, strict=False)] = ()
    model: ModelRef
    config_sha256: Sha256
    width: Pixels | None = None
    height: Pixels | None = None
    captured_at: UtcTime
    inspected_at: UtcTime
    timings: Timings


class Evidence(ImageMessage, topic="evidence/{station}", carriage=Carriage.RECORD, stream=Stream.EVIDENCE):
    """The image to keep of one inspection."""

    frame_id: Id
    inspection_id: Id
    part_id: Id | None = None
    station: Name
    camera: Name
    verdict: Verdict
    captured_at: UtcTime
    width: Pixels
    height: Pixels
    sha256: Sha256

    def intact(self) -> bool:
        """Whether the payload is what inference sent."""
        return hashlib.sha256(self.image).hexdigest() == self.sha256
