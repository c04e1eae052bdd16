"""Alarms, and what operators do with them."""

from datetime import timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request
from pydantic import Field

from jidoka.api.context import Api, Context
from jidoka.api.models.alarms import Alarm, AlarmEvent
from jidoka.api.models.base import Page
from jidoka.api.models.dispositions import ActionDone, Remark, Shelving
from jidoka.api.paging import page
from jidoka.api.people.access import Operator, Viewer
from jidoka.api.people.person import Person
from jidoka.api.problems import NotFound, describe
from jidoka.api.queries import alarms as queries
from jidoka.api.routes.actions import IdempotencyKey, action_id, at_now, perform
from jidoka.api.routes.filters import Listing
from jidoka.schemas import AcknowledgeAlarm, Severity, ShelveAlarm, UnshelveAlarm
from jidoka.schemas.types import Name

router = APIRouter(tags=["alarms"])
ACTION_ERRORS = describe(400, 404, 409, 413, 504)


class AlarmFilter(Listing):
    """Which alarms."""

    status: Literal["active", "all"] = Field(default="all", description="active: not yet over and acknowledged")
    severity: Severity | None = None
    station: Name | None = None
    code: Name | None = None

    def values(self) -> dict[str, Any]:
        """With `open` for those that are not over and acknowledged."""
        return {**super().values(), "open": True if self.status == "active" else None}


@router.get("/alarms", responses=describe(400))
async def list_alarms(api: Api, _person: Viewer, wanted: Annotated[AlarmFilter, Query()]) -> Page[Alarm]:
    """Alarms, newest first."""
    async with api.database.reading() as connection:
        found = await queries.listed(connection, wanted.values())
    return page([Alarm.model_validate(row) for row in found], wanted.limit)


@router.get("/alarms/{alarm_id}", responses=describe(404))
async def get_alarm(api: Api, _person: Viewer, alarm_id: UUID) -> Alarm:
    """An alarm."""
    return await _alarm(api, alarm_id)


@router.get("/alarms/{alarm_id}/events", responses=describe(404))
async def list_alarm_events(api: Api, _person: Viewer, alarm_id: UUID) -> list[AlarmEvent]:
    """What happened to an alarm, oldest first."""
    await _alarm(api, alarm_id)
    async with api.database.reading() as connection:
        return [AlarmEvent.model_validate(row) for row in await queries.events(connection, alarm_id)]


@router.post("/alarms/{alarm_id}/acknowledge", responses=ACTION_ERRORS)
async def acknowledge_alarm(
    api: Api, request: Request, person: Operator, *, alarm_id: UUID, key: IdempotencyKey, remark: Remark
) -> ActionDone:
    """Somebody has seen it. 409 says who was first, and when; 504 may be retried with the same key."""
    await _alarm(api, alarm_id)
    fields = _fields(person, key, "acknowledge", alarm_id, remark)
    action = AcknowledgeAlarm(**fields)
    return await perform(api, request, person, action=action, name="alarm.acknowledge", target=alarm_id)


@router.post("/alarms/{alarm_id}/shelve", responses=ACTION_ERRORS)
async def shelve_alarm(
    api: Api, request: Request, person: Operator, *, alarm_id: UUID, key: IdempotencyKey, shelving: Shelving
) -> ActionDone:
    """Silences it for some minutes."""
    await _alarm(api, alarm_id)
    fields = _fields(person, key, "shelve", alarm_id, shelving)
    action = ShelveAlarm(**fields, until=fields["at"] + timedelta(minutes=shelving.minutes))
    return await perform(
        api, request, person, action=action, name="alarm.shelve", target=alarm_id, minutes=shelving.minutes
    )


@router.post("/alarms/{alarm_id}/unshelve", responses=ACTION_ERRORS)
async def unshelve_alarm(
    api: Api, request: Request, person: Operator, *, alarm_id: UUID, key: IdempotencyKey, remark: Remark
) -> ActionDone:
    """Ends the silence early."""
    await _alarm(api, alarm_id)
    fields = _fields(person, key, "unshelve", alarm_id, remark)
    action = UnshelveAlarm(**fields)
    return await perform(api, request, person, action=action, name="alarm.unshelve", target=alarm_id)


async def _alarm(api: Context, alarm_id: UUID) -> Alarm:
    async with api.database.reading() as connection:
        found = await queries.one(connection, alarm_id)
    if found is None:
        raise NotFound("alarm")
    return Alarm.model_validate(found)


def _fields(person: Person, key: str, kind: str, alarm_id: UUID, remark: Remark) -> dict[str, Any]:
    return {
        "action_id": action_id(person, key, kind, alarm_id),
        "actor": person.username,
        "at": at_now(),
        "comment": remark.comment,
        "alarm_id": alarm_id,
    }
