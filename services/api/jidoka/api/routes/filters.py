"""Query parameters that several resources share."""

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, Field

from jidoka.api.models.base import Cursor, Question
from jidoka.api.paging import DEFAULT_LIMIT, MAX_LIMIT, position
from jidoka.api.queries.conditions import page_values


def _in_time(value: datetime) -> datetime:
    if not 2000 <= value.year <= 2200:
        raise ValueError("the year is outside 2000 to 2200")
    return value.astimezone(UTC)


Time = Annotated[AwareDatetime, AfterValidator(_in_time)]


class Span(Question):
    """From one time up to another."""

    start: Time | None = Field(
        default=None, alias="from", description="this time or later", examples=["2026-01-02T03:04:05Z"]
    )
    end: Time | None = Field(default=None, alias="to", description="before this time")


class Listing(Span):
    """A page of a list."""

    limit: int = Field(default=DEFAULT_LIMIT, ge=1, le=MAX_LIMIT, description="items on a page")
    after: Cursor | None = Field(default=None, description="`next` of the page before")

    def values(self) -> dict[str, Any]:
        """Values for the query's conditions. Raises Problem 400 for a cursor that is not one."""
        before = position(self.after) if self.after else None
        return {**self.model_dump(exclude={"limit", "after"}), **page_values(self.limit, before)}
