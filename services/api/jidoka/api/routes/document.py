"""The OpenAPI document."""

from typing import Any

from fastapi import APIRouter, Request

from jidoka.api.people.access import Viewer

router = APIRouter(tags=["health"])


@router.get("/openapi.json", include_in_schema=False)
async def get_openapi(request: Request, _person: Viewer) -> dict[str, Any]:
    """What this document describes."""
    document: dict[str, Any] = request.app.openapi()
    return document
