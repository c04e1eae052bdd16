"""Lists as CSV, streamed page by page."""

import csv
import io
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from fastapi.responses import StreamingResponse
from psycopg.rows import DictRow
from pydantic import BaseModel

from jidoka.api.context import Api, Context
from jidoka.api.database import Connection
from jidoka.api.models.alarms import Alarm
from jidoka.api.models.dispositions import DispositionEntry
from jidoka.api.models.inspections import Defect, InspectionSummary
from jidoka.api.models.kpis import Oee
from jidoka.api.models.parts import Part
from jidoka.api.models.recall import RecalledPart
from jidoka.api.models.tags import TrendPoint
from jidoka.api.people.access import Viewer
from jidoka.api.problems import describe
from jidoka.api.queries import alarms, dispositions, inspections, parts
from jidoka.api.routes.alarms import AlarmFilter
from jidoka.api.routes.dispositions import DispositionFilter
from jidoka.api.routes.filters import Listing
from jidoka.api.routes.inspections import DefectFilter, InspectionFilter
from jidoka.api.routes.kpis import KpiSeriesSpan, get_kpi_series
from jidoka.api.routes.parts import PartFilter
from jidoka.api.routes.recall import RecallFilter, recalled
from jidoka.api.routes.tags import HistoryWindow, get_tag_history
from jidoka.schemas.types import TagName

router = APIRouter(tags=["exports"])
CHUNK, MOST, MOST_RECALLED = 1000, 1_000_000, 100_000
NO_OEE = dict.fromkeys(Oee.model_fields)
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


@router.get("/exports/inspections.csv", response_class=StreamingResponse, responses={200: CSV, **describe(400)})
async def export_inspections(
    api: Api, _person: Viewer, wanted: Annotated[InspectionFilter, Query()]
) -> StreamingResponse:
    """Inspections, without their defects."""
    return await _answer(api, "inspections", InspectionSummary, inspections.listed, wanted)


@router.get("/exports/dispositions.csv", response_class=StreamingResponse, responses={200: CSV, **describe(400)})
async def export_dispositions(
    api: Api, _person: Viewer, wanted: Annotated[DispositionFilter, Query()]
) -> StreamingResponse:
    """People's findings."""
    return await _answer(api, "dispositions", DispositionEntry, dispositions.listed, wanted)


@router.get("/exports/recall.csv", response_class=StreamingResponse, responses={200: CSV, **describe(400, 404)})
async def export_recall(api: Api, _person: Viewer, wanted: Annotated[RecallFilter, Query()]) -> StreamingResponse:
    """A recall list, at most 100,000 parts of it."""
    async with api.database.reading() as connection:
        found = await recalled(connection, wanted.model_copy(update={"limit": MOST_RECALLED}))
    return _file("recall", _blocks(found, list(RecalledPart.model_fields)))


@router.get("/exports/kpis.csv", response_class=StreamingResponse, responses={200: CSV, **describe(400)})
async def export_kpis(api: Api, person: Viewer, span: Annotated[KpiSeriesSpan, Query()]) -> StreamingResponse:
    """Figures step by step; nested ones as `cycle_time_ms.mean`, `oee.availability`."""
    series = await get_kpi_series(api, person, span)
    steps = [_flat(step.model_dump(exclude={"oee"}) | {"oee": step.oee or NO_OEE}) for step in series.steps]
    return _file("kpis", _blocks(steps, list(steps[0]) if steps else []))


@router.get("/exports/tags/{name}.csv", response_class=StreamingResponse, responses={200: CSV, **describe(400, 404)})
async def export_tag_history(
    api: Api, person: Viewer, name: Annotated[TagName, Path(examples=["Process.Temperature"])],
    window: Annotated[HistoryWindow, Query()],
) -> StreamingResponse:  # fmt: skip
    """A tag's history."""
    history = await get_tag_history(api, person, name, window)
    return _file("history", _blocks([dict(point) for point in history.points], list(TrendPoint.model_fields)))


async def _answer(api: Context, name: str, model: type[BaseModel], query: Listed, wanted: Listing) -> StreamingResponse:
    values = {**wanted.values(), "limit": CHUNK}
    first = await _read(api, query, values)
    return _file(name, _lines(api, query, values, first, list(model.model_fields)))


def _file(name: str, lines: AsyncIterator[str] | Iterator[str]) -> StreamingResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    return StreamingResponse(lines, media_type="text/csv; charset=utf-8", headers=headers)


def _blocks(found: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> Iterator[str]:
    yield _text([columns])
    for first in range(0, len(found), CHUNK):
        yield _text([[_cell(row.get(column)) for column in columns] for row in found[first : first + CHUNK]])


def _flat(fields: Mapping[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in fields.items():
        inner = dict(value) if isinstance(value, BaseModel | dict) else None
        flat |= {f"{name}.{key}": one for key, one in inner.items()} if inner is not None else {name: value}
    return flat


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
