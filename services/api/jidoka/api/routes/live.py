"""Live images: the newest one, and a stream of them."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse

from jidoka.api.context import Api, Context
from jidoka.api.people.access import Credentials, Viewer, address_of, check_role, identify
from jidoka.api.people.person import Person
from jidoka.api.people.tokens import unauthorized
from jidoka.api.problems import NotFound, Unavailable, describe
from jidoka.api.roles import UserRole
from jidoka.schemas.types import Name

router = APIRouter(tags=["live"])
BOUNDARY = "jidoka-frame"
STALE_S = 10.0
CHECK_S = 5.0
Ticket = Annotated[
    str | None, Query(max_length=100, description="from POST /api/v1/ws-ticket, where no header can be sent")
]
BINARY = {"schema": {"type": "string", "format": "binary"}}
JPEG = {"content": {"image/jpeg": BINARY}, "description": "the image"}
MJPEG = {"content": {"multipart/x-mixed-replace": BINARY}, "description": "images"}


@router.get("/live/{station}/{camera}", response_class=Response, responses={200: JPEG, **describe(404)})
async def get_live_image(api: Api, _person: Viewer, station: Name, camera: Name) -> Response:
    """The newest live image. `Last-Modified` says when it was taken; one older than ten seconds is 404."""
    _check_camera(api, station, camera)
    frame = api.frames.newest(station, camera)
    if frame is None or (datetime.now(UTC) - frame.at).total_seconds() > STALE_S:
        raise NotFound("live image now")
    taken = frame.at.strftime("%a, %d %b %Y %H:%M:%S GMT")
    return Response(frame.image, media_type="image/jpeg", headers={"Cache-Control": "no-store", "Last-Modified": taken})


@router.get(
    "/live/{station}/{camera}/stream.mjpeg", response_class=StreamingResponse, responses={200: MJPEG, **describe(404)}
)
async def get_live_stream(
    api: Api, request: Request, credentials: Credentials, *, station: Name, camera: Name, ticket: Ticket = None
) -> StreamingResponse:
    """Live images as they come (MJPEG), for an `<img>`."""
    person = await _viewer(api, request, credentials.credentials if credentials else None, ticket)
    _check_camera(api, station, camera)
    if api.hub.full():
        raise Unavailable("too many viewers", 10)
    media = f"multipart/x-mixed-replace; boundary={BOUNDARY}"
    return StreamingResponse(_images(api, person, station, camera), media_type=media)


async def _images(api: Context, person: Person, station: str, camera: str) -> AsyncIterator[bytes]:
    api.hub.stream_began()
    try:
        frame = api.frames.newest(station, camera)
        while True:
            if frame is not None:
                head = f"--{BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(frame.image)}\r\n\r\n"
                yield head.encode() + frame.image + b"\r\n"
            try:
                async with asyncio.timeout(CHECK_S):
                    frame = await api.frames.following(station, camera)
            except TimeoutError:
                frame = None
            if person.expires_at is not None and person.expires_at < datetime.now(UTC):
                return
    finally:
        api.hub.stream_ended()


async def _viewer(api: Context, request: Request, token: str | None, ticket: str | None) -> Person:
    address = address_of(request)
    if ticket is None:
        person = await identify(api, token)
    else:
        await api.requests.count("ticket", address)
        redeemed = await api.sessions.redeem(ticket)
        if redeemed is None:
            raise unauthorized("the ticket is over, spent or none")
        person = redeemed
    await api.requests.count(person.subject, address)
    check_role(api, person, UserRole.VIEWER)
    return person


def _check_camera(api: Context, station: str, camera: str) -> None:
    for table in api.line.stations:
        if table.name == station and any(one.name == camera for one in table.camera):
            return
    raise NotFound("camera at this station")
