"""Parts and what is known of them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import Field

from jidoka.api.models.alarms import Alarm
from jidoka.api.models.base import Answer
from jidoka.api.models.dispositions import DispositionEntry
from jidoka.api.models.inspections import Inspection
from jidoka.schemas import PartResult, Reason, Ruling


class Part(Answer):
    """One visit of one part to one station."""

    id: UUID = Field(examples=["019b2c7e-1f00-7a11-8000-000000000001"])
    station: str = Field(examples=["AOI1"])
    plc: str | None = Field(default=None, examples=["plc1"])
    counter: int | None = Field(default=None, description="the controller's own number of the part", examples=[412])
    serial: str | None = Field(default=None, examples=["SN-000412"])
    sku: str | None = Field(default=None, examples=["PCB-A"])
    batch: str | None = Field(default=None, examples=["B-17"])
    result: PartResult | None = Field(default=None, description="null until the part is decided")
    ruling: Ruling | None = Field(default=None, description="what the controller was told")
    reason: Reason | None = None
    detail: str | None = None
    confirmed: bool | None = Field(default=None, description="the verdict was read back from the controller")
    quality_score: float | None = Field(default=None, description="0 to 1, 1 is best", examples=[0.97])
    cycle_time_ms: float | None = None
    latency_ms: float | None = Field(default=None, description="from arrival to verdict read back")
    deadline_ms: float | None = None
    replayed: bool | None = None
    bypassed: bool | None = Field(default=None, description="it went through while the station was in bypass")
    kept: bool | None = Field(default=None, description="kept beyond every retention; null while only the bus knows it")
    disposition: str | None = Field(default=None, description="a person's newest finding on the part")
    created_at: datetime = Field(description="when it arrived")
    decided_at: datetime | None = None
    claimed_at: datetime | None = Field(default=None, description="the time its source gave, when that was impossible")


class Serial(Answer):
    """A serial number and its newest visit."""

    serial: str = Field(examples=["SN-000412"])
    station: str
    result: PartResult | None = None
    part_id: UUID
    created_at: datetime


class CameraVerdict(Answer):
    """The inspection of one camera that a decision rests on."""

    camera: str
    inspection_id: UUID
    verdict: str


class Decision(Answer):
    """What the controller was told for one part."""

    part_id: UUID
    station: str
    plc: str | None = None
    counter: int | None = None
    ruling: Ruling
    result: PartResult
    reason: Reason
    detail: str | None = None
    inspections: list[CameraVerdict] = Field(default_factory=list)
    absent: list[str] = Field(default_factory=list, description="cameras whose verdict was missing")
    confirmed: bool | None = None
    bypassed: bool = False
    arrived_at: datetime
    decided_at: datetime
    latency_ms: float | None = None
    config_sha256: str | None = None


class ImageRef(Answer):
    """A stored image, without its bytes."""

    id: UUID = Field(description="the frame")
    camera: str
    verdict: str
    width: int
    height: int
    sha256: str
    kept: bool = Field(description="kept beyond retention")
    created_at: datetime
    url: str = Field(
        examples=["/api/v1/images/019b2c7e-1f00-7a11-8000-000000000002"], description="`?width=` for a thumbnail"
    )


class Capture(Answer):
    """A camera that gave no usable frame of the part."""

    id: UUID
    camera: str
    code: str = Field(examples=["timeout"])
    reason: str
    created_at: datetime


class TagReading(Answer):
    """A tag around the part: its last sample before the arrival, and its range from ten seconds before to ten after."""

    tag: str = Field(examples=["Process.Temperature"])
    plc: str
    at: datetime
    value: float | None = None
    text: str | None = None
    bad: str | None = Field(default=None, description="why it could not be read")
    quality: str | None = Field(default=None, description="good, uncertain or bad; null without a sample before")
    reason: str | None = Field(default=None, description="why it is uncertain or bad")
    minimum: float | None = None
    maximum: float | None = None
    mean: float | None = None
    samples: int = Field(default=0, description="in that range")


class Kept(Answer):
    """Who keeps a part beyond every retention."""

    actor: str
    comment: str | None = None
    kept_at: datetime


class Passport(Answer):
    """All that is known of one part."""

    part: Part
    kept: Kept | None = None
    decision: Decision | None = None
    inspections: list[Inspection]
    images: list[ImageRef]
    captures: list[Capture]
    tags: list[TagReading]
    alarms: list[Alarm] = Field(description="active at some time between arrival and decision")
    dispositions: list[DispositionEntry]
    visits: list[Part] = Field(description="other visits of the same serial, newest first")


class MissedParts(Answer):
    """Parts that the controller counted and nobody could read any more."""

    id: UUID
    station: str
    plc: str
    first: int
    last: int
    count: int
    reason: str
    created_at: datetime


Row = dict[str, Any]
