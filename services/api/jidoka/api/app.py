"""The application: routes, guards, errors."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from fastapi import APIRouter, FastAPI
from starlette.middleware.cors import CORSMiddleware

from jidoka.api import __version__, problems
from jidoka.api.context import Context
from jidoka.api.guards import Guards
from jidoka.api.openapi import describe_api
from jidoka.api.page import Page
from jidoka.api.routes import (
    alarms,
    auth,
    dispositions,
    document,
    exports,
    health,
    inspections,
    kpis,
    line,
    live,
    parts,
    recall,
    socket,
    tags,
    users,
)
from jidoka.api.settings import ApiSettings

PREFIX = "/api/v1"
RESOURCES = (line, kpis, parts, recall, inspections, tags, alarms, dispositions, exports, live, auth, users, document)
Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


@asynccontextmanager
async def _nothing(_app: FastAPI) -> AsyncIterator[None]:
    yield


def make_app(settings: ApiSettings, context: Context | None = None, lifespan: Lifespan = _nothing) -> FastAPI:
    """The application. Without `context` it can describe itself, and answers nothing."""
    app = FastAPI(
        title="Jidoka", version=__version__, docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan,
        swagger_ui_oauth2_redirect_url=None,
        generate_unique_id_function=lambda route: route.name,
    )  # fmt: skip
    app.state.context = context
    api = APIRouter(prefix=PREFIX, responses=problems.describe(401, 403, 422, 429, 503))
    for resource in RESOURCES:
        api.include_router(resource.router)
    app.include_router(api)
    app.include_router(socket.router, prefix=PREFIX)
    app.include_router(health.router)
    problems.install(app)
    describe_api(app)
    if settings.web_dir.joinpath("index.html").exists():
        app.mount("/", Page(settings.web_dir), name="page")
    if settings.origins():
        app.add_middleware(
            CORSMiddleware, allow_origins=settings.origins(), allow_credentials=True,
            allow_methods=["GET", "POST", "PATCH"], allow_headers=["Authorization", "Content-Type", "Idempotency-Key"],
            expose_headers=["ETag", "Retry-After"],
        )  # fmt: skip
    app.add_middleware(Guards, strict_transport=settings.mode == "live")
    return app
