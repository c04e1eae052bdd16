"""Parts, passports, parts missed."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import Field

from jidoka.api.context import Api
from jidoka.api.models.base import Page
from jidoka.api.models.parts import MissedParts, Part, Passport
from jidoka.api.paging import page
from jidoka.api.people.access import Viewer
from jidoka.api.problems import NotFound, describe
from jidoka.api.queries import alarms, dispositions, inspections, parts, tags
from jidoka.api.routes.filters import Listing
from jidoka.schemas import Disposition, PartResult
from jidoka.schemas.types import Label, Name, Sha256

router = APIRouter(tags=["parts"])


class PartFilter(Listing):
    """Which parts."""

    station: Name | None = Field(default=None, examples=["AOI1"])
    plc: Name | None = None
    result: PartResult | None = None
    serial: Label | None = None
    sku: Label | None = None
    batch: Label | None = None
    disposition: Disposition | None = None
    model_sha256: Sha256 | None = Field(default=None, description="inspected by this model: with a time, a recall list")


class MissedFilter(Listing):
    """Which missed parts."""

    station: Name | None = None


@router.get("/parts", responses=describe(400))
async def list_parts(api: Api, _person: Viewer, wanted: Annotated[PartFilter, Query()]) -> Page[Part]:
    """Parts, newest first."""
    async with api.database.reading() as connection:
        found = await parts.listed(connection, wanted.values())
    return page([Part.model_validate(row) for row in found], wanted.limit)


@router.get("/missed-parts", responses=describe(400))
async def list_missed_parts(api: Api, _person: Viewer, wanted: Annotated[MissedFilter, Query()]) -> Page[MissedParts]:
    """Ranges of parts that the controller counted and nobody could read any more, newest first."""
    async with api.database.reading() as connection:
        found = await parts.missed(connection, wanted.values())
    return page([MissedParts.model_validate(row) for row in found], wanted.limit)


@router.get("/parts/{part_id}", responses=describe(404))
async def get_passport(api: Api, _person: Viewer, part_id: UUID) -> Passport:
    """All that is known of a part."""
    async with api.database.reading() as connection:
        part = await parts.one(connection, part_id)
        if part is None:
            raise NotFound("part")
        return Passport.model_validate(
            {
                "part": part,
                "decision": await parts.decision(connection, part_id),
                "inspections": await inspections.of_part(connection, part),
                "images": await inspections.images_of_part(connection, part),
                "captures": await parts.captures(connection, part),
                "tags": await tags.around(connection, part["plc"], part["created_at"]),
                "alarms": await alarms.active_between(connection, *parts.span(part)),
                "dispositions": await dispositions.of_part(connection, part),
                "visits": await parts.visits(connection, part),
            }
        )
