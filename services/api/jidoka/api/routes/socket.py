"""The WebSocket: a ticket opens it, a snapshot begins it, events follow."""

import asyncio
import time
from collections import deque
from datetime import UTC, datetime
from math import inf
from urllib.parse import urlsplit

from fastapi import APIRouter, WebSocket
from pydantic import ValidationError
from starlette.websockets import WebSocketDisconnect

from jidoka.api.context import Context, context_of
from jidoka.api.live.client import Client, Subscription
from jidoka.api.metrics import REFUSED, SLOW_CLIENTS
from jidoka.api.people.access import check_role
from jidoka.api.people.person import Person
from jidoka.api.problems import Problem
from jidoka.api.protocol import wire_of
from jidoka.api.roles import UserRole

router = APIRouter()
POLICY, TRY_LATER, UNAUTHORIZED, FORBIDDEN = 1008, 1013, 4401, 4403
CHECK_S = 5.0
WORDS, WORDS_WITHIN_S = 30, 10.0


class Closing(Exception):
    """The connection ends with a code and a reason."""

    def __init__(self, code: int, reason: str) -> None:
        self.code, self.reason = code, reason
        super().__init__(reason)


@router.websocket("/ws")
async def live_events(socket: WebSocket, ticket: str = "") -> None:
    """Closes with 1008 (bad words), 1013 (too slow, too many), 4401 (log in again), 4403 (not this line)."""
    api = context_of(socket)
    if not _origin_allowed(socket, api.settings.origins()):
        REFUSED.labels("origin").inc()
        await socket.close(POLICY, "this origin may not")
        return
    await socket.accept()
    try:
        person = await _enter(api, socket, ticket)
        wire = wire_of(socket.scope)
        client = api.hub.enter(person, wire)
        if client is None:
            raise Closing(TRY_LATER, "too many clients")
        wire.resumed = client.flush
        try:
            await _serve(api, socket, client)
        finally:
            wire.resumed = None
            api.hub.leave(client)
    except Closing as closing:
        await _close(socket, closing)
    except WebSocketDisconnect:
        pass


async def _enter(api: Context, socket: WebSocket, ticket: str) -> Person:
    try:
        await api.requests.count("ws", socket.client.host if socket.client else "unknown")
        person = await api.sessions.redeem(ticket) if 0 < len(ticket) <= 100 else None
        if person is None:
            REFUSED.labels("token").inc()
            raise Closing(UNAUTHORIZED, "the ticket is over, spent or none")
        check_role(api, person, UserRole.VIEWER)
    except Problem as problem:
        code = {403: FORBIDDEN, 401: UNAUTHORIZED}.get(problem.status, TRY_LATER)
        raise Closing(code, problem.detail) from problem
    return person


async def _serve(api: Context, socket: WebSocket, client: Client) -> None:
    """Until the client went, was too slow, or may no longer be here. Its events are written by the hub itself."""
    listening = asyncio.create_task(_listen(api, socket, client), name="listen")
    due = time.monotonic() + CHECK_S
    try:
        while True:
            wait = max(0.0, min(due - time.monotonic(), _left(client.person)))
            await asyncio.wait({listening, client.lagging}, timeout=wait, return_when=asyncio.FIRST_COMPLETED)
            if listening.done():
                listening.result()
            if client.lagging.done():
                SLOW_CLIENTS.inc()
                raise Closing(TRY_LATER, "too slow: what happened meanwhile is in the next snapshot")
            if _left(client.person) <= 0:
                raise Closing(UNAUTHORIZED, "the token has expired")
            if time.monotonic() >= due:
                due = time.monotonic() + CHECK_S
                await _check_standing(api, client.person)
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)


def _left(person: Person) -> float:
    """Seconds until the token's end."""
    return inf if person.expires_at is None else (person.expires_at - datetime.now(UTC)).total_seconds()


async def _listen(api: Context, socket: WebSocket, client: Client) -> None:
    words: deque[float] = deque(maxlen=WORDS)
    while True:
        try:
            text = await socket.receive_text()
        except KeyError:
            raise Closing(POLICY, "binary messages have no meaning here") from None
        if len(words) == WORDS and time.monotonic() - words[0] < WORDS_WITHIN_S:
            raise Closing(POLICY, "too many messages")
        words.append(time.monotonic())
        try:
            api.hub.subscribe(client, Subscription.model_validate_json(text))
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(map(str, first["loc"])) or "message"
            raise Closing(POLICY, f"{where}: {first['msg']}"[:120]) from None


async def _check_standing(api: Context, person: Person) -> None:
    if person.session is None:
        return
    try:
        now = await api.sessions.standing(person.session)
    except Problem:
        return
    if now is None:
        raise Closing(UNAUTHORIZED, "the session is over")
    if not now.may_see(api.line.name):
        raise Closing(FORBIDDEN, "this line is no longer yours")


def _origin_allowed(socket: WebSocket, origins: tuple[str, ...]) -> bool:
    """CORS does not protect WebSockets: a browser's page must be ours or on the list. Other programs send no Origin."""
    origin = socket.headers.get("origin")
    if origin is None:
        return True
    return origin in origins or urlsplit(origin).netloc == socket.headers.get("host", "")


async def _close(socket: WebSocket, closing: Closing) -> None:
    wire_of(socket.scope).abandon()
    try:
        async with asyncio.timeout(2):
            await socket.close(closing.code, closing.reason)
    except (RuntimeError, WebSocketDisconnect, TimeoutError):
        return
