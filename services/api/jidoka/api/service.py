"""The API as a running process: its parts, in the order in which they start."""

import asyncio
import os
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager

from fastapi import FastAPI

from jidoka.api import __version__
from jidoka.api.app import make_app
from jidoka.api.cache import AnswerCache
from jidoka.api.context import Context
from jidoka.api.database import Connection, Database
from jidoka.api.line import LineFile
from jidoka.api.live.actions import Actions
from jidoka.api.live.bridge import Bridge
from jidoka.api.live.condition import RedisAlarm
from jidoka.api.live.frames import LiveFrames
from jidoka.api.live.hub import Hub
from jidoka.api.live.picture import Picture
from jidoka.api.live.reconcile import keep_true
from jidoka.api.migrations import migrate
from jidoka.api.people.first import make_first_users
from jidoka.api.people.oidc import OidcIssuer
from jidoka.api.people.passwords import Passwords
from jidoka.api.people.sessions import Sessions
from jidoka.api.people.tokens import TokenSigner
from jidoka.api.rates import RateLimit
from jidoka.api.settings import ApiSettings, signing_secrets
from jidoka.api.shared import SharedStore
from jidoka.api.thumbnails import Thumbnails
from jidoka.runtime.bus import Bus
from jidoka.runtime.journal import Journal
from jidoka.runtime.logs import log
from jidoka.schemas import Action


def build(settings: ApiSettings, line: LineFile, bus: Bus, journal: Journal) -> FastAPI:
    """The application around a bus that is entered, whose records are kept in the journal."""
    context = _context(settings, line, bus)
    alarm = RedisAlarm(bus.publish, journal, settings.instance)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async def prepare(connection: Connection) -> None:
            await migrate(connection)
            await make_first_users(connection, settings, context.passwords)

        bridge = Bridge(bus, context.hub.apply, _give_up)
        tasks = [
            _watched(context.database.run(prepare), "database"),
            _watched(keep_true(context.hub, context.database, bus, line), "reconcile"),
            _watched(context.shared.run(alarm.told) if context.shared else alarm.told(None), "redis"),
        ]
        bridge.start(settings.instance)
        try:
            yield
        finally:
            await bridge.stop()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    return make_app(settings, context, lifespan)


def _context(settings: ApiSettings, line: LineFile, bus: Bus) -> Context:
    assert settings.database_url is not None, "checked before"
    url = settings.database_url.get_secret_value()
    database = Database(url, settings.database_connections, settings.statement_timeout_ms)

    def publish(action: Action) -> None:
        bus.publish(action)

    actions = Actions(publish, lambda: bus.connected, settings.action_timeout_s)
    frames = LiveFrames()
    picture = Picture(tuple(table.name for table in line.stations))
    shared = None
    if settings.redis_url:
        shared = SharedStore(settings.redis_url.get_secret_value(), f"jidoka:{line.name}")
    signer = TokenSigner(signing_secrets(settings), settings.access_token_s)
    oidc = None
    if settings.oidc_issuer and settings.oidc_audience:
        oidc = OidcIssuer(
            settings.oidc_issuer, settings.oidc_audience, settings.oidc_role_claim, settings.oidc_lines_claim
        )
    return Context(
        settings=settings,
        line=line,
        database=database,
        hub=Hub(picture, frames, actions, settings.ws_max_connections),
        frames=frames,
        actions=actions,
        sessions=Sessions(database, signer, settings.session_timeout),
        passwords=Passwords(),
        oidc=oidc,
        requests=RateLimit("API_RATE_LIMIT", settings.api_rate_limit, shared),
        logins=RateLimit("LOGIN_RATE_LIMIT", settings.login_rate_limit, shared),
        answers=AnswerCache(settings.cache_ttl, shared),
        thumbnails=Thumbnails(),
        shared=shared,
        broker_error=bus.trouble,
    )


def _watched(work: Coroutine[None, None, None], name: str) -> asyncio.Task[None]:
    """A task for the whole life of the process: its end is a bug."""

    def ended(task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()):
            _give_up(error)

    task = asyncio.create_task(work, name=name)
    task.add_done_callback(ended)
    return task


def _give_up(error: BaseException) -> None:
    """A bug in a background task: the process ends, its runner starts it anew."""
    log.critical("bug", error=repr(error), version=__version__, exc_info=error)
    os._exit(70)
