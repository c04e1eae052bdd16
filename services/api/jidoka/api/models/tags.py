"""Tags and their history."""

from datetime import datetime

from pydantic import Field

from jidoka.api.models.base import Answer


class Tag(Answer):
    """A tag with its newest stored sample."""

    name: str = Field(examples=["Process.Temperature"])
    plc: str
    scan_group: str
    kind: str = Field(description="number, boolean or text")
    at: datetime | None = None
    value: float | None = Field(default=None, description="booleans are 0 and 1")
    text: str | None = None
    bad: str | None = Field(default=None, description="why it could not be read; value and text are null then")
    quality: str | None = Field(default=None, description="good, uncertain or bad")
    reason: str | None = Field(default=None, description="why it is uncertain or bad")


class TrendPoint(Answer):
    """One interval of a tag's history."""

    at: datetime = Field(description="start of the interval")
    samples: int
    minimum: float | None = None
    maximum: float | None = None
    mean: float | None = None
    bad: int | None = Field(default=None, description="samples that could not be read")
    uncertain: int | None = Field(default=None, description="samples whose value is doubtful")


class TagHistory(Answer):
    """A tag's history at about the number of points that was asked for."""

    tag: str
    plc: str
    start: datetime
    end: datetime
    points: list[TrendPoint]
