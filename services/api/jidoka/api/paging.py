"""Keyset pagination: an opaque cursor of the last row's time and id."""

import base64
import binascii
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from jidoka.api.models.base import Page
from jidoka.api.problems import Problem

T = TypeVar("T")
DEFAULT_LIMIT = 50
MAX_LIMIT = 500


def cursor(row: Any) -> str:
    """The cursor after a row with `created_at` and `id`."""
    return cursor_of(row.created_at, row.id)


def cursor_of(at: datetime, identity: UUID) -> str:
    """The cursor after what has this time and id."""
    text = json.dumps([at.isoformat(), str(identity)], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def position(after: str) -> tuple[datetime, UUID]:
    """What a cursor points at. Raises Problem 400 for one that this API never gave."""
    try:
        text = base64.urlsafe_b64decode(after + "=" * (-len(after) % 4))
        at, identity = json.loads(text)
        time = datetime.fromisoformat(at)
        if time.tzinfo is None:
            raise ValueError("no time zone")
        return time, UUID(identity)
    except (binascii.Error, UnicodeDecodeError, ValueError, TypeError, AttributeError) as error:
        raise Problem(400, "query.after: this cursor is not one of ours") from error


def page(rows: Sequence[T], limit: int) -> Page[T]:
    """The first `limit` rows of a query that asked for one more."""
    items = list(rows[:limit])
    return Page(items=items, next=cursor(items[-1]) if len(rows) > limit else None)
