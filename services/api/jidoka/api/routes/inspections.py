"""Inspections, defects, images, models."""

from enum import IntEnum
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Query, Response
from pydantic import Field

from jidoka.api.context import Api
from jidoka.api.models.base import Page
from jidoka.api.models.inspections import Defect, Inspection, Model
from jidoka.api.paging import page
from jidoka.api.people.access import Viewer
from jidoka.api.problems import NotFound, describe
from jidoka.api.queries import inspections as queries
from jidoka.api.routes.filters import Listing
from jidoka.schemas import Disposition, Role, Verdict
from jidoka.schemas.types import Label, Name, Sha256, Share

router = APIRouter(tags=["inspections"])
JPEG = {"content": {"image/jpeg": {"schema": {"type": "string", "format": "binary"}}}, "description": "the image"}


class ThumbnailWidth(IntEnum):
    """Pixels."""

    SMALL = 160
    MEDIUM = 320
    LARGE = 640


class InspectionFilter(Listing):
    """Which inspections."""

    station: Name | None = Field(default=None, examples=["AOI1"])
    camera: Name | None = None
    verdict: Verdict | None = None
    role: Role | None = None
    model_sha256: Sha256 | None = None


class DefectFilter(Listing):
    """Which defects."""

    defect_class: Label | None = Field(default=None, alias="class", examples=["mousebite"])
    station: Name | None = None
    camera: Name | None = None
    role: Role | None = None
    disposition: Disposition | None = None
    least: Share | None = Field(default=None, alias="confidence", description="this confidence or more")


@router.get("/inspections", responses=describe(400))
async def list_inspections(api: Api, _person: Viewer, wanted: Annotated[InspectionFilter, Query()]) -> Page[Inspection]:
    """Inspections with their defects, newest first."""
    async with api.database.reading() as connection:
        found = await queries.listed(connection, wanted.values())
        whole = await queries.with_defects(connection, found)
    return page([_Inspection.model_validate(row) for row in whole], wanted.limit)


@router.get("/defects", responses=describe(400))
async def list_defects(api: Api, _person: Viewer, wanted: Annotated[DefectFilter, Query()]) -> Page[Defect]:
    """Defects, newest first."""
    async with api.database.reading() as connection:
        found = await queries.defects(connection, wanted.values())
    return page([Defect.model_validate(row) for row in found], wanted.limit)


@router.get(
    "/images/{frame_id}",
    response_class=Response,
    responses={200: JPEG, 304: {"description": "as you have it"}, **describe(404)},
)
async def get_image(
    api: Api,
    _person: Viewer,
    frame_id: UUID,
    width: Annotated[ThumbnailWidth | None, Query(description="of a thumbnail; none: the image itself")] = None,
    if_none_match: Annotated[str | None, Header(max_length=1000)] = None,
) -> Response:
    """A stored image, or a thumbnail of it. It never changes; its ETag is its sha256 (and the width)."""
    async with api.database.reading() as connection:
        sha256 = await queries.image_hash(connection, frame_id)
        if sha256 is None:
            raise NotFound("image")
        tag = sha256 if width is None else f"{sha256}-{width:d}"
        headers = {"ETag": f'"{tag}"', "Cache-Control": "private, max-age=31536000, immutable"}
        if if_none_match is not None and _names(if_none_match, tag):
            return Response(status_code=304, headers=headers)
        small = api.thumbnails.kept(sha256, width) if width else None
        found = await queries.image(connection, frame_id) if small is None else None
    if small is None and found is None:
        raise NotFound("image")
    body = small or (bytes(found["image"]) if found else b"")
    if width and small is None:
        made = await api.thumbnails.make(sha256, width, body)
        if made is None:
            raise NotFound("thumbnail: the image cannot be read")
        body = made
    return Response(body, media_type="image/jpeg", headers=headers)


@router.get("/models")
async def list_models(api: Api, _person: Viewer) -> list[Model]:
    """Models that inspected here, newest first."""
    async with api.database.reading() as connection:
        return [Model.model_validate(row) for row in await queries.models(connection)]


class _Inspection(Inspection):
    """With the time that a cursor needs."""

    @property
    def created_at(self) -> object:
        return self.captured_at


def _names(if_none_match: str, sha256: str) -> bool:
    tags = {tag.strip().removeprefix("W/").strip('"') for tag in if_none_match.split(",")}
    return bool(tags & {sha256, "*"})
