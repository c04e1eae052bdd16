"""Dependencies of the routes: who asks, and whether they may."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from jidoka.api.context import Api, Context
from jidoka.api.metrics import REFUSED
from jidoka.api.people.person import ANONYMOUS, Person
from jidoka.api.people.tokens import unauthorized
from jidoka.api.problems import Problem
from jidoka.api.roles import UserRole

bearer = HTTPBearer(auto_error=False, bearerFormat="JWT", description="from POST /api/v1/auth/login or your issuer")
Credentials = Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]


def address_of(request: Request) -> str:
    """The client's address."""
    return request.client.host if request.client else "unknown"


async def identify(api: Context, token: str | None) -> Person:
    """The person of a token; MODE=sim shows itself to anybody. Raises Problem 401."""
    if token is None:
        if api.settings.mode == "sim":
            return ANONYMOUS
        raise Problem(401, "a token is needed", {"WWW-Authenticate": "Bearer"})
    if len(token) > 8192:
        raise unauthorized("the token is too long")
    if api.oidc is not None and api.oidc.issued(token):
        return await api.oidc.person(token)
    return await api.sessions.person(token)


def check_role(api: Context, person: Person, role: UserRole) -> None:
    """Raises Problem 403 for another line's person and for one whose role does not include `role`."""
    if not person.may_see(api.line.name):
        REFUSED.labels("line").inc()
        raise Problem(403, f"{person.username} has no right to see {api.line.name}")
    if not person.role.includes(role):
        REFUSED.labels("role").inc()
        raise Problem(403, f"this needs the role {role}, {person.username} is {person.role}")


def needs(role: UserRole) -> Callable[..., Awaitable[Person]]:
    """A dependency: the person, who has at least this role on this line, and does not ask too often."""

    async def check(request: Request, api: Api, credentials: Credentials) -> Person:
        address = address_of(request)
        try:
            person = await identify(api, credentials.credentials if credentials else None)
        except Problem as problem:
            if problem.status == 401:
                REFUSED.labels("token").inc()
                await api.requests.count("refused", address)
            raise
        await api.requests.count(person.subject, address)
        check_role(api, person, role)
        return person

    return check


Viewer = Annotated[Person, Depends(needs(UserRole.VIEWER))]
Operator = Annotated[Person, Depends(needs(UserRole.OPERATOR))]
Admin = Annotated[Person, Depends(needs(UserRole.ADMIN))]
