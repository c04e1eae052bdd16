"""The OpenAPI document: what FastAPI knows, and what it does not (problems, the WebSocket's messages)."""

import json
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema

from jidoka.api.live.client import Subscription
from jidoka.api.models.base import ProblemDetails
from jidoka.api.models.live import LiveEvent, Snapshot

DESCRIPTION = """Everything the line knows, and what people may do about it.

Lists are pages: newest first, `next` of one is `after` of the following. Times are UTC, RFC 3339.
Errors are `application/problem+json`.
Actions carry an `Idempotency-Key`; 504 may be retried with the same key.

`GET /api/v1/ws?ticket=...` is a WebSocket; the ticket is from `POST /api/v1/ws-ticket`.
The server sends a `Snapshot`, then `LiveEvent`s numbered by `n`.
The client may send a `Subscription` at any time and gets a new `Snapshot`.
A binary message is a live image: 4 bytes of length (big endian), so many bytes of JSON, then the JPEG.
It is closed with 1008 (foreign origin, bad message), 1013 (too slow, or too many clients), 4401 (log in again)
or 4403 (not this line).
"""


def describe_api(app: FastAPI) -> None:
    """Replaces the application's document by ours."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _document(app)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def text(app: FastAPI) -> str:
    """The document as it is committed."""
    return json.dumps(app.openapi(), indent=1, ensure_ascii=False) + "\n"


def _document(app: FastAPI) -> dict[str, Any]:
    document = get_openapi(
        title=app.title, version=app.version, description=DESCRIPTION, routes=app.routes, openapi_version="3.1.0",
        summary="Line vision: parts, verdicts, alarms, tags",
    )  # fmt: skip
    _, more = models_json_schema(
        [
            (Subscription, "validation"),
            *[(model, "serialization") for model in (ProblemDetails, Snapshot, LiveEvent)],
        ],
        ref_template="#/components/schemas/{model}",
    )
    schemas = document["components"]["schemas"]
    for name, schema in more["$defs"].items():
        schemas.setdefault(name, schema)
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    document["components"]["schemas"] = dict(sorted(schemas.items()))
    return document
