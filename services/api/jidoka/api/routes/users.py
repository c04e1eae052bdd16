"""Users and the audit log: for admins."""

from typing import Annotated, Any
from uuid import UUID, uuid4

from fastapi import APIRouter, Query, Request
from pydantic import Field

from jidoka.api.context import Api
from jidoka.api.database import Connection
from jidoka.api.models.base import Page
from jidoka.api.models.people import AuditEntry, NewUser, User, UserChange
from jidoka.api.paging import DEFAULT_LIMIT, MAX_LIMIT
from jidoka.api.people.access import Admin, address_of
from jidoka.api.people.audit import note
from jidoka.api.problems import NotFound, Problem, describe
from jidoka.api.queries import audit as audit_queries
from jidoka.api.queries import people as queries
from jidoka.api.roles import UserRole
from jidoka.api.routes.filters import Span
from jidoka.schemas.types import Text

router = APIRouter(tags=["people"])


class AuditFilter(Span):
    """Which entries."""

    actor: Text | None = None
    action: Text | None = Field(default=None, examples=["alarm.acknowledge"])
    limit: int = Field(default=DEFAULT_LIMIT, ge=1, le=MAX_LIMIT)
    after: int | None = Field(default=None, ge=1, le=2**63 - 1, description="`next` of the page before")


@router.get("/users")
async def list_users(api: Api, _person: Admin) -> list[User]:
    """All local users by name."""
    async with api.database.reading() as connection:
        return [User.model_validate(row) for row in await queries.users(connection)]


@router.post("/users", status_code=201, responses=describe(400, 409, 413))
async def add_user(api: Api, request: Request, person: Admin, new: NewUser) -> User:
    """Makes a user."""
    hashed = await api.passwords.hash(new.password.get_secret_value())
    values = {"id": uuid4(), "password_hash": hashed, **new.model_dump(mode="json", exclude={"password"})}
    async with api.database.writing() as connection:
        made = await queries.add_user(connection, values)
        if made is None:
            raise Problem(409, f"there is a user {new.username} already")
        facts = {"role": new.role.value, "lines": new.lines}
        await note(connection, person.username, address_of(request), "user.add", new.username, **facts)
    return User.model_validate(made)


@router.patch("/users/{user_id}", responses=describe(400, 404, 409, 413))
async def change_user(api: Api, request: Request, person: Admin, user_id: UUID, change: UserChange) -> User:
    """Changes a user. Every change but that of the lines ends the user's sessions."""
    password = change.password.get_secret_value() if change.password else None
    hashed = await api.passwords.hash(password) if password else None
    async with api.database.writing() as connection:
        before = await _user(connection, user_id)
        given = change.model_dump(mode="json", exclude_unset=True, exclude={"password"})
        after = {name: given.get(name, before[name]) for name in ("role", "lines", "disabled")}
        await _keep_an_admin(connection, before, after)
        changed = await queries.change_user(connection, {**after, "id": user_id, "password_hash": hashed})
        if hashed or after["role"] != before["role"] or after["disabled"]:
            await queries.revoke_user(connection, user_id, "the user was changed")
        facts = {"before": {name: before[name] for name in after}, "after": after, "password": hashed is not None}
        await note(connection, person.username, address_of(request), "user.change", before["username"], **facts)
    api.sessions.forget()
    return User.model_validate(changed)


@router.get("/audit", responses=describe(400))
async def list_audit(api: Api, _person: Admin, wanted: Annotated[AuditFilter, Query()]) -> Page[AuditEntry]:
    """Who changed what, newest first."""
    values = {**wanted.model_dump(exclude={"after"}), "before": wanted.after, "limit": wanted.limit + 1}
    async with api.database.reading() as connection:
        found = await audit_queries.listed(connection, values)
    items = [AuditEntry.model_validate({**row, "hash": row["hash"].hex()}) for row in found[: wanted.limit]]
    return Page(items=items, next=str(items[-1].id) if len(found) > wanted.limit else None)


async def _user(connection: Connection, user_id: UUID) -> dict[str, Any]:
    found = await queries.user(connection, user_id)
    if found is None:
        raise NotFound("user")
    return found


async def _keep_an_admin(connection: Connection, before: dict[str, Any], after: dict[str, Any]) -> None:
    was = before["role"] == UserRole.ADMIN.value and not before["disabled"]
    stays = after["role"] == UserRole.ADMIN.value and not after["disabled"]
    if was and not stays and await queries.lock_admins(connection) <= 1:
        raise Problem(409, "this is the last admin")
