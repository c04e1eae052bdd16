"""Errors as application/problem+json (RFC 9457)."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from jidoka.api.models.base import FieldError, ProblemDetails

MEDIA_TYPE = "application/problem+json"


class Problem(Exception):
    """An answer that is an error. `more` are further members of the body."""

    def __init__(
        self,
        status: int,
        detail: str,
        headers: Mapping[str, str] | None = None,
        errors: list[FieldError] | None = None,
        **more: Any,
    ) -> None:
        self.status, self.detail, self.headers, self.errors, self.more = status, detail, headers, errors or [], more
        super().__init__(detail)


class Unavailable(Problem):
    """Something that the answer needs is away: 503 with Retry-After."""

    def __init__(self, detail: str, retry_after_s: int = 2) -> None:
        super().__init__(503, detail, {"Retry-After": str(retry_after_s)})


class NotFound(Problem):
    """There is no such thing."""

    def __init__(self, what: str) -> None:
        super().__init__(404, f"there is no such {what}")


def response(problem: Problem) -> JSONResponse:
    """The body of a problem."""
    details = ProblemDetails(
        title=HTTPStatus(problem.status).phrase,
        status=problem.status,
        detail=problem.detail,
        errors=problem.errors,
        **problem.more,
    )
    return JSONResponse(
        details.model_dump(mode="json"), problem.status, dict(problem.headers or {}), media_type=MEDIA_TYPE
    )


def describe(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """OpenAPI entries for these statuses."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDetails"}}}
    return {status: {"description": HTTPStatus(status).phrase, "content": content} for status in statuses}


def install(app: FastAPI) -> None:
    """Every error of the application leaves as a problem."""
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(500, _bug)


async def _problem(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Problem)
    return response(error)


async def _invalid(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    details = error.errors()
    if any(detail["type"] == "json_invalid" for detail in details):
        return response(Problem(400, "the body is not JSON"))
    fields = [FieldError(where=".".join(map(str, detail["loc"])), what=str(detail["msg"])) for detail in details]
    named = "; ".join(f"{field.where}: {field.what}" for field in fields[:5])
    return response(Problem(422, named, errors=fields))


async def _http(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    return response(Problem(error.status_code, str(error.detail), error.headers))


async def _bug(_request: Request, _error: Exception) -> JSONResponse:
    # the server's own log gets the traceback: Starlette raises it again after this answer
    return response(Problem(500, "an error that is ours; it is in the log"))
