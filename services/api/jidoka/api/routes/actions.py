"""How a person's action is done: noted in the audit log, sent as a record, answered by the historian."""

from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar
from uuid import UUID

from fastapi import Header, Request

from jidoka.api.context import Context
from jidoka.api.models.dispositions import ActionDone
from jidoka.api.people.access import address_of
from jidoka.api.people.audit import note
from jidoka.api.people.person import Person
from jidoka.schemas import Action, derived_id

A = TypeVar("A", bound=Action)

IdempotencyKey = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        pattern=r"^[\x21-\x7e]+$",
        description="chosen by the client, best a UUID; the same key does the same action once",
        examples=["7f1c2d34-aaaa-4bbb-8ccc-0123456789ab"],
    ),
]


def action_id(person: Person, key: str, kind: str, target: UUID) -> UUID:
    """The action's id: another person's or another action's equal key is another id."""
    return derived_id("action", person.subject, kind, target, key)


async def perform(
    api: Context, request: Request, person: Person, *, action: Action, name: str, target: UUID, **detail: Any
) -> ActionDone:
    """Notes the action, sends it and waits. Raises Problem 409, 503 or 504."""
    async with api.database.writing() as connection:
        await note(
            connection, person.username, address_of(request), name, str(target),
            action_id=str(action.action_id), comment=action.comment, **detail,
        )  # fmt: skip
    outcome = await api.actions.perform(action)
    return ActionDone(action_id=action.action_id, applied=True, by=person.username, at=outcome.at)


def at_now() -> datetime:
    """The time of an action."""
    return datetime.now(UTC)
