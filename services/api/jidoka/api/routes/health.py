"""Whether it is well; for probes, balancers and Prometheus."""

from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import Field

from jidoka.api import __version__
from jidoka.api.context import Api, Context
from jidoka.api.models.base import Answer

router = APIRouter(tags=["health"])
Named = Annotated[dict[str, str], Field(examples=[{"database": "the database does not answer: PoolTimeout"}])]


class Health(Answer):
    """The process answers; `errors` names what it misses."""

    status: str = Field(examples=["ok"])
    service: str = "api"
    version: str
    mode: str
    errors: Named
    warnings: Named = Field(default_factory=dict, description="what works, but with less than it should")


class Memory(Answer):
    """Bytes."""

    resident: int
    peak: int


@router.get("/api/health")
async def get_health(api: Api) -> Health:
    """The process answers, whether or not database and broker do."""
    errors = _errors(api)
    warnings = {"redis": api.shared.error} if api.shared and api.shared.error else {}
    status = "degraded" if errors or warnings else "ok"
    return Health(status=status, version=__version__, mode=api.settings.mode, errors=errors, warnings=warnings)


@router.get("/api/health/ready", responses={503: {"model": Health}})
async def get_ready(api: Api, response: Response) -> Health:
    """Whether requests can be answered; 503 names what is missing."""
    health = await get_health(api)
    if health.errors:
        response.status_code = 503
        response.headers["Retry-After"] = "2"
    return health


@router.get("/api/health/memory")
async def get_memory() -> Memory:
    """Memory of this process."""
    fields = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return Memory(resident=_bytes(fields["VmRSS"]), peak=_bytes(fields["VmHWM"]))


@router.get("/metrics", include_in_schema=False)
async def get_metrics() -> Response:
    """For Prometheus."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


def _errors(api: Context) -> dict[str, str]:
    links = {"database": api.database.error, "broker": api.broker_error()}
    return {name: error for name, error in links.items() if error}


def _bytes(field: str) -> int:
    return int(field.removesuffix("kB")) * 1024
