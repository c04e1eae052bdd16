"""People's findings on parts and defects."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from pydantic import Field

from jidoka.api.context import Api
from jidoka.api.models.base import Page
from jidoka.api.models.dispositions import ActionDone, DispositionDone, DispositionEntry, Finding, Remark
from jidoka.api.paging import page
from jidoka.api.people.access import Operator, Viewer
from jidoka.api.problems import NotFound, describe
from jidoka.api.queries import dispositions as queries
from jidoka.api.queries import inspections, parts
from jidoka.api.routes.actions import IdempotencyKey, action_id, at_now, perform
from jidoka.api.routes.filters import Listing
from jidoka.schemas import Disposition, RecordDisposition, UndoDisposition, derived_id
from jidoka.schemas.types import Text

router = APIRouter(tags=["dispositions"])


class DispositionFilter(Listing):
    """Which findings."""

    disposition: Disposition | None = None
    actor: Text | None = Field(default=None, examples=["operator"])


@router.get("/dispositions", responses=describe(400))
async def list_dispositions(
    api: Api, _person: Viewer, wanted: Annotated[DispositionFilter, Query()]
) -> Page[DispositionEntry]:
    """Findings, newest first."""
    async with api.database.reading() as connection:
        found = await queries.listed(connection, wanted.values())
    return page([DispositionEntry.model_validate(row) for row in found], wanted.limit)


@router.post("/dispositions", responses=describe(400, 404, 409, 413, 504))
async def record_disposition(
    api: Api, request: Request, person: Operator, *, key: IdempotencyKey, finding: Finding
) -> DispositionDone:
    """What somebody found on a part, or on one of its defects."""
    async with api.database.reading() as connection:
        if await parts.one(connection, finding.part_id) is None:
            raise NotFound("part")
        defect = finding.defect_id
        if defect is not None and not await inspections.defect_part(connection, defect, finding.part_id):
            raise NotFound("defect of this part")
    identity = action_id(person, key, "disposition", finding.part_id)
    action = RecordDisposition(
        action_id=identity,
        disposition_id=derived_id("disposition", identity),
        actor=person.username,
        at=at_now(),
        **finding.model_dump(),
    )
    detail = finding.model_dump(mode="json", exclude={"part_id", "comment"})
    done = await perform(api, request, person, action=action, name="part.disposition", target=finding.part_id, **detail)
    return DispositionDone(**done.model_dump(), disposition_id=action.disposition_id)


@router.post("/dispositions/{disposition_id}/undo", responses=describe(400, 404, 409, 413, 504))
async def undo_disposition(
    api: Api, request: Request, person: Operator, *, disposition_id: UUID, key: IdempotencyKey, remark: Remark
) -> ActionDone:
    """Takes a finding back."""
    async with api.database.reading() as connection:
        if await queries.one(connection, disposition_id) is None:
            raise NotFound("disposition")
    action = UndoDisposition(
        action_id=action_id(person, key, "undo", disposition_id),
        actor=person.username,
        at=at_now(),
        comment=remark.comment,
        disposition_id=disposition_id,
    )
    return await perform(api, request, person, action=action, name="part.disposition_undo", target=disposition_id)
