"""Logging in and out, tickets."""

from typing import Annotated

from fastapi import APIRouter, Cookie, Request, Response

from jidoka.api.context import Api, Context
from jidoka.api.metrics import REFUSED
from jidoka.api.models.people import Credentials, Me, RefreshRequest, Ticket, Tokens
from jidoka.api.people.access import Viewer, address_of, check_role
from jidoka.api.people.audit import note
from jidoka.api.people.person import Person
from jidoka.api.people.sessions import TICKET_S
from jidoka.api.people.tokens import unauthorized
from jidoka.api.problems import describe
from jidoka.api.queries import people as queries
from jidoka.api.roles import UserRole

router = APIRouter(tags=["people"])
COOKIE, COOKIE_PATH = "jidoka_refresh", "/api/v1/auth"
RefreshCookie = Annotated[str | None, Cookie(alias=COOKIE, max_length=200)]


@router.post("/auth/login", responses=describe(400, 401, 403, 413))
async def log_in(api: Api, request: Request, response: Response, given: Credentials) -> Tokens:
    """Opens a session: a short access token, and a refresh token that may be used once (for browsers in a cookie)."""
    address = address_of(request)
    await api.logins.count("login", given.username, address)
    async with api.database.reading() as connection:
        user = await queries.login(connection, given.username)
    password = given.password.get_secret_value()
    right = await api.passwords.matches(user["password_hash"] if user else None, password)
    if user is None or not right or user["disabled"]:
        REFUSED.labels("login").inc()
        async with api.database.writing() as connection:
            await note(connection, given.username, address, "session.refused", given.username)
        raise unauthorized("user name or password is wrong")
    hashed = await api.passwords.hash(password) if api.passwords.outdated(user["password_hash"]) else None
    async with api.database.writing() as connection:
        if hashed is not None:
            await queries.rehash(connection, user["id"], hashed)
        access, refresh, person = await api.sessions.open(connection, user["id"])
        check_role(api, person, UserRole.VIEWER)
        await note(connection, person.username, address, "session.open", str(person.session))
    return _tokens(api, response, access, refresh, person)


@router.post("/auth/refresh", responses=describe(400, 401, 413))
async def refresh(
    api: Api, request: Request, response: Response, given: RefreshRequest | None = None, cookie: RefreshCookie = None
) -> Tokens:
    """New tokens for a refresh token. One that is used a second time ends its session."""
    address = address_of(request)
    await api.requests.count("refresh", address)
    token = _given(given, cookie)
    if token is None:
        raise unauthorized("there is no refresh token")
    access, fresh, person = await api.sessions.refresh(token, address)
    return _tokens(api, response, access, fresh, person)


@router.post("/auth/logout", status_code=204, responses=describe(400, 413))
async def log_out(
    api: Api, request: Request, response: Response, given: RefreshRequest | None = None, cookie: RefreshCookie = None
) -> None:
    """Ends the session: its access tokens are refused from now on."""
    await api.requests.count("logout", address_of(request))
    response.delete_cookie(COOKIE, path=COOKIE_PATH)
    token = _given(given, cookie)
    session = await api.sessions.session_of(token) if token else None
    if session is not None:
        await api.sessions.close(session, "logged out")


@router.get("/me")
async def get_me(person: Viewer) -> Me:
    """Who is asking."""
    return _me(person)


@router.post("/ws-ticket")
async def get_ticket(api: Api, person: Viewer) -> Ticket:
    """A ticket for one WebSocket or one MJPEG stream, good for some seconds: tokens never stand in an address."""
    return Ticket(ticket=await api.sessions.ticket(person), expires_in=TICKET_S)


def _given(given: RefreshRequest | None, cookie: str | None) -> str | None:
    if given is not None and given.refresh_token is not None:
        return given.refresh_token.get_secret_value()
    return cookie


def _tokens(api: Context, response: Response, access: str, refresh_token: str, person: Person) -> Tokens:
    response.set_cookie(
        COOKIE, refresh_token, max_age=api.settings.session_timeout, path=COOKIE_PATH, httponly=True, samesite="strict",
        secure=api.settings.mode == "live",
    )  # fmt: skip
    response.headers["Cache-Control"] = "no-store"
    return Tokens(
        access_token=access, expires_in=api.sessions.access_token_s, refresh_token=refresh_token, user=_me(person)
    )


def _me(person: Person) -> Me:
    return Me(
        username=person.username,
        role=person.role,
        anonymous=person.anonymous,
        lines=None if person.lines is None else list(person.lines),
        expires_at=person.expires_at,
    )
