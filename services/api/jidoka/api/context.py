"""What the routes work with: made once, found on the application."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection

from jidoka.api.cache import AnswerCache
from jidoka.api.database import Database
from jidoka.api.line import LineFile
from jidoka.api.live.actions import Actions
from jidoka.api.live.frames import LiveFrames
from jidoka.api.live.hub import Hub
from jidoka.api.people.oidc import OidcIssuer
from jidoka.api.people.passwords import Passwords
from jidoka.api.people.sessions import Sessions
from jidoka.api.rates import RateLimit
from jidoka.api.settings import ApiSettings
from jidoka.api.shared import SharedStore
from jidoka.api.thumbnails import Thumbnails


@dataclass(frozen=True, slots=True)
class Context:
    """Everything a request may need."""

    settings: ApiSettings
    line: LineFile
    database: Database
    hub: Hub
    frames: LiveFrames
    actions: Actions
    sessions: Sessions
    passwords: Passwords
    oidc: OidcIssuer | None
    requests: RateLimit
    logins: RateLimit
    answers: AnswerCache
    thumbnails: Thumbnails
    shared: SharedStore | None
    broker_error: Callable[[], str | None]


def context_of(connection: HTTPConnection) -> Context:
    """The context of the application that got the request."""
    context = connection.app.state.context
    assert isinstance(context, Context)
    return context


Api = Annotated[Context, Depends(context_of)]
