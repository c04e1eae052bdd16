"""Parts, passports, parts missed."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request
from pydantic import Field

from jidoka.api.context import Api
from jidoka.api.database import Connection
from jidoka.api.models.base import Page
from jidoka.api.models.dispositions import ActionDone, Remark
from jidoka.api.models.parts import MissedParts, Part, Passport, Serial
from jidoka.api.paging import page
from jidoka.api.people.access import Operator, Viewer
from jidoka.api.problems import NotFound, describe
from jidoka.api.queries import alarms, dispositions, inspections, parts, tags
from jidoka.api.routes.actions import IdempotencyKey, action_id, at_now, perform
from jidoka.api.routes.filters import Listing
from jidoka.schemas import Disposition, KeepPart, PartResult
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


@router.get("/serials")
async def find_serials(
    api: Api,
    _person: Viewer,
    prefix: Annotated[Label, Query(description="how the serial number begins, as it stands", examples=["SN-0004"])],
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> list[Serial]:
    """Serial numbers that begin so, in order, each with its newest visit."""
    async with api.database.reading() as connection:
        return [Serial.model_validate(row) for row in await parts.serials(connection, prefix, limit)]


@router.get("/serials/{serial}", responses=describe(404))
async def get_serial(api: Api, _person: Viewer, serial: Annotated[Label, Path(examples=["SN-000412"])]) -> Passport:
    """All that is known of a serial number: the passport of its newest visit; `visits` names the others."""
    async with api.database.reading() as connection:
        found = await parts.listed(connection, {"serial": serial, "limit": 1})
        if not found:
            raise NotFound("serial")
        return await _passport(connection, found[0])


@router.post("/parts/{part_id}/keep", responses=describe(400, 404, 409, 413, 504))
async def keep_part(
    api: Api, request: Request, person: Operator, *, part_id: UUID, key: IdempotencyKey, remark: Remark
) -> ActionDone:
    """Keeps all that is known of a part beyond every retention. 409 says who did so first, and when."""
    async with api.database.reading() as connection:
        if await parts.one(connection, part_id) is None:
            raise NotFound("part")
    action = KeepPart(
        action_id=action_id(person, key, "keep", part_id),
        actor=person.username,
        at=at_now(),
        comment=remark.comment,
        part_id=part_id,
    )
    return await perform(api, request, person, action=action, name="part.keep", target=part_id)


@router.get("/parts/{part_id}", responses=describe(404))
async def get_passport(api: Api, _person: Viewer, part_id: UUID) -> Passport:
    """All that is known of a part."""
    async with api.database.reading() as connection:
        part = await parts.one(connection, part_id)
        if part is None:
            raise NotFound("part")
        return await _passport(connection, part)


async def _passport(connection: Connection, part: dict[str, Any]) -> Passport:
    return Passport.model_validate(
        {
            "part": part,
            "kept": await parts.kept(connection, part),
            "decision": await parts.decision(connection, part["id"]),
            "inspections": await inspections.of_part(connection, part),
            "images": await inspections.images_of_part(connection, part),
            "captures": await parts.captures(connection, part),
            "tags": await tags.around(connection, part["plc"], *parts.span(part)),
            "alarms": await alarms.active_between(connection, *parts.span(part)),
            "dispositions": await dispositions.of_part(connection, part),
            "visits": await parts.visits(connection, part),
        }
    )
