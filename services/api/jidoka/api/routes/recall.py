"""Recall: which parts something may have been wrong with."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Self

from fastapi import APIRouter, Query
from pydantic import Field, model_validator

from jidoka.api.context import Api
from jidoka.api.database import Connection
from jidoka.api.models.recall import RecalledPart, RecallList
from jidoka.api.paging import cursor_of
from jidoka.api.people.access import Viewer
from jidoka.api.problems import NotFound, Problem, describe
from jidoka.api.queries import recall as queries
from jidoka.api.queries import tags
from jidoka.api.routes.filters import Listing
from jidoka.schemas.types import Label, Name, Sha256, TagName

router = APIRouter(tags=["parts"])
USUAL, LONGEST = timedelta(days=30), timedelta(days=800)
Limit = Annotated[float, Field(ge=-1e300, le=1e300)]
Margin = Annotated[float, Field(ge=0, le=86_400)]


class RecallFilter(Listing):
    """Which parts: of the last 30 days when no time is given."""

    batch: Label | None = None
    sku: Label | None = None
    station: Name | None = Field(default=None, examples=["AOI1"])
    model_sha256: Sha256 | None = Field(default=None, description="inspected by this model")
    tag: TagName | None = Field(default=None, description="while this tag was below or above a limit")
    plc: Name | None = Field(default=None, description="the tag's controller, where two have one of that name")
    below: Limit | None = None
    above: Limit | None = None
    before_s: Margin = Field(default=0, description="parts up to so many seconds before it count, too")
    after_s: Margin = Field(default=0, description="and so many seconds after it")

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.tag is None) == (self.below is not None or self.above is not None):
            raise ValueError("a tag needs below or above, and these need a tag")
        if self.tag is not None and self.model_sha256 is not None:
            raise ValueError("ask for a model or for a tag, not for both")
        return self


@router.get("/recall", responses=describe(400, 404))
async def list_recall(api: Api, _person: Viewer, wanted: Annotated[RecallFilter, Query()]) -> RecallList:
    """Parts by model, batch, article, time, or by a tag that was outside its limits; newest first."""
    async with api.database.reading() as connection:
        found = await recalled(connection, wanted)
    items = [RecalledPart.model_validate(row) for row in found[: wanted.limit]]
    more = cursor_of(items[-1].created_at, items[-1].part_id) if len(found) > wanted.limit else None
    return RecallList(items=items, next=more, matching=found[0]["matching"] if found else 0)


async def recalled(connection: Connection, wanted: RecallFilter) -> list[dict[str, Any]]:
    """The rows of a recall, one more than its limit. Raises Problem 400, 404."""
    end = wanted.end or datetime.now(UTC)
    start = wanted.start or end - USUAL
    if not timedelta() <= end - start <= LONGEST:
        raise Problem(400, f"query.from is not within {LONGEST.days} days before query.to")
    tag = None
    if wanted.tag is not None:
        tag = await tags.one(connection, wanted.tag, wanted.plc)
        if tag is None:
            raise NotFound("tag")
    values = {**wanted.values(), "start": start, "end": end, "tag_id": tag["id"] if tag else None}
    return await queries.listed(connection, values)
