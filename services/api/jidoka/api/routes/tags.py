"""Tags and their history."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import Field

from jidoka.api.context import Api
from jidoka.api.models.base import Question
from jidoka.api.models.tags import Tag, TagHistory, TrendPoint
from jidoka.api.people.access import Viewer
from jidoka.api.problems import NotFound, Problem, describe
from jidoka.api.queries import tags as queries
from jidoka.api.routes.filters import Span
from jidoka.schemas.types import Name, TagName

router = APIRouter(tags=["tags"])


class TagFilter(Question):
    """Which tags."""

    plc: Name | None = None
    prefix: TagName | None = Field(default=None, examples=["Process."])


class HistoryWindow(Span):
    """Which part of the history; the last hour when nothing is said."""

    plc: Name | None = Field(default=None, description="when several controllers have a tag of this name")
    points: int = Field(default=500, ge=1, le=5000, description="about so many intervals")


@router.get("/tags")
async def list_tags(api: Api, _person: Viewer, wanted: Annotated[TagFilter, Query()]) -> list[Tag]:
    """Tags with their newest samples, by name."""
    async with api.database.reading() as connection:
        found = await queries.listed(connection, wanted.plc, wanted.prefix)
    return [Tag.model_validate(row) for row in found]


@router.get("/tags/{name}/history", responses=describe(400, 404))
async def get_tag_history(
    api: Api,
    _person: Viewer,
    name: Annotated[TagName, Path(examples=["Process.Temperature"])],
    window: Annotated[HistoryWindow, Query()],
) -> TagHistory:
    """Minimum, maximum and mean of each interval."""
    end = window.end or datetime.now(UTC)
    start = window.start or end - timedelta(hours=1)
    if start >= end:
        raise Problem(400, "query.from is not before query.to")
    async with api.database.reading() as connection:
        tag = await queries.one(connection, name, window.plc)
        if tag is None:
            raise NotFound("tag")
        found = await queries.trend(connection, tag["id"], start, end, window.points)
    points = [TrendPoint.model_validate(row) for row in found]
    return TagHistory(tag=name, plc=tag["plc"], start=start, end=end, points=points)
