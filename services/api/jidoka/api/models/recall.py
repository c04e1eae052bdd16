"""Recall lists."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from jidoka.api.models.base import Answer, Page
from jidoka.schemas import PartResult


class RecalledPart(Answer):
    """One part of a recall; with a tag, how low and high that was when it hit the part."""

    part_id: UUID
    serial: str | None = None
    sku: str | None = None
    batch: str | None = None
    station: str
    result: PartResult | None = None
    disposition: str | None = None
    created_at: datetime
    decided_at: datetime | None = None
    minimum: float | None = None
    maximum: float | None = None


class RecallList(Page[RecalledPart]):
    """Newest first."""

    matching: int = Field(description="parts on this page and the following ones")
