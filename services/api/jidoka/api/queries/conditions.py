"""WHERE clauses from the filters that are set."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

RANGE = {"start": "created_at >= %(start)s", "end": "created_at < %(end)s"}
PAGE = {"before_id": "(created_at, id) < (%(before_at)s, %(before_id)s)"}


def where(conditions: Mapping[str, str], values: Mapping[str, Any]) -> str:
    """`WHERE` and the conditions whose value is not None; empty when there is none. The conditions are constants."""
    chosen = [text for name, text in conditions.items() if values.get(name) is not None]
    return f" WHERE {' AND '.join(chosen)}" if chosen else ""


def page_values(limit: int, before: tuple[datetime, UUID] | None) -> dict[str, Any]:
    """Bound values of a page: one row more than asked for, so that the last page is known."""
    at, identity = before or (None, None)
    return {"limit": limit + 1, "before_at": at, "before_id": identity}
