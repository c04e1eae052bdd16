"""Inspections and defects."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from jidoka.api.models.base import Answer
from jidoka.schemas import Role, Verdict


class BoundingBox(Answer):
    """Pixels of the frame, origin at the top left."""

    x: float
    y: float
    width: float
    height: float


class FoundDefect(Answer):
    """One defect of an inspection."""

    id: UUID
    defect_class: str = Field(examples=["mousebite"])
    confidence: float = Field(examples=[0.93])
    bounding_box: BoundingBox
    disposition: str | None = Field(default=None, description="a person's newest finding on it")


class Defect(FoundDefect):
    """One defect, with where it was found."""

    part_id: UUID | None = None
    frame_id: UUID
    inspection_id: UUID
    station: str
    camera: str
    role: Role
    created_at: datetime


class InspectionSummary(Answer):
    """What one model says of one frame."""

    id: UUID
    frame_id: UUID
    part_id: UUID | None = None
    station: str
    camera: str
    role: Role
    verdict: Verdict
    reason: str | None = None
    quality_score: float | None = None
    defect_count: int
    model: str | None = Field(default=None, examples=["pcb-defects"])
    model_version: str | None = None
    model_sha256: str | None = None
    config_sha256: str | None = None
    width: int | None = None
    height: int | None = None
    captured_at: datetime
    inspected_at: datetime
    queue_ms: float
    decode_ms: float
    prepare_ms: float
    model_ms: float
    finish_ms: float


class Inspection(InspectionSummary):
    """An inspection with its defects."""

    defects: list[FoundDefect]


class Model(Answer):
    """A model that inspected here."""

    id: int
    name: str
    version: str
    sha256: str
    first_at: datetime = Field(description="its first inspection stored")
