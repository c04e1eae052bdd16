"""Lists as CSV, streamed page by page."""

import csv
import io
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse
from psycopg.rows import DictRow
from pydantic import BaseModel

from jidoka.api.context import Api, Context
from jidoka.api.database import Connection
from jidoka.api.models.alarms import Alarm
from jidoka.api.models.inspections import Defect
from jidoka.api.models.parts import Part
from jidoka.api.people.access import Viewer
from jidoka.api.problems import describe
from jidoka.api.queries import alarms, inspections, parts
from jidoka.api.routes.alarms import AlarmFilter
from jidoka.api.routes.filters import Listing
from jidoka.api.routes.inspections import DefectFilter
from jidoka.api.routes.parts import PartFilter

router = APIRouter(tags=["exports"])
CHUNK, MOST = 1000, 1_000_000
FORMULA = ("=", "+", "-", "@", "\t", "\r")
CSV = {"content": {"text/csv": {"schema": {"type": "string"}}}, "description": f"at most {MOST} rows, newest first"}
Listed = Callable[[Connection, Mapping[str, Any]], Awaitable[list[DictRow]]]


@router.get("/exports/parts.csv", response_class=StreamingResponse, responses={200: CSV, **describe(400)})
async def export_parts(api: Api, _person: Viewer, wanted: Annotated[PartFilter, Query()]) -> StreamingResponse:
    """Parts; with `model_sha256`, `batch` or a time it is the list for a recall."""
    return await _answer(api, "parts", Part, parts.listed, wanted)


@router.get("/exports/defects.csv", response_class=StreamingResponse, responses={200: CSV, **describe(400)})
async def export_defects(api: Api, _person: Viewer, wanted: Annotated[DefectFilter, Query()]) -> StreamingResponse:
    """Defects."""
    return await _answer(api, "defects", Defect, inspections.defects, wanted)


@router.get("/exports/alarms.csv", response_class=StreamingResponse, responses={200: CSV, **describe(400)})
async def export_alarms(api: Api, _person: Viewer, wanted: Annotated[AlarmFilter, Query()]) -> StreamingResponse:
    """Alarms."""
    return await _answer(api, "alarms", Alarm, alarms.listed, wanted)


async def _answer(api: Context, name: str, model: type[BaseModel], query: Listed, wanted: Listing) -> StreamingResponse:
    values = {**wanted.values(), "limit": CHUNK}
    first = await _read(api, query, values)
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    lines = _lines(api, query, values, first, list(model.model_fields))
    return StreamingResponse(lines, media_type="text/csv; charset=utf-8", headers=headers)


async def _lines(
    api: Context, query: Listed, values: dict[str, Any], found: list[DictRow], columns: Sequence[str]
) -> AsyncIterator[str]:
    yield _text([columns])
    rows = 0
    while found and rows < MOST:
        rows += len(found)
        yield _text([[_cell(row[column]) for column in columns] for row in found])
        if len(found) < CHUNK:
            return
        last = found[-1]
        found = await _read(api, query, {**values, "before_at": last["created_at"], "before_id": last["id"]})


async def _read(api: Context, query: Listed, values: dict[str, Any]) -> list[DictRow]:
    async with api.database.reading() as connection:
        return await query(connection, values)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat()
    text = str(value)
    # a spreadsheet would run what begins like a formula
    return f"'{text}" if isinstance(value, str) and text.startswith(FORMULA) else text


def _text(rows: Sequence[Sequence[str]]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerows(rows)
    return buffer.getvalue()
