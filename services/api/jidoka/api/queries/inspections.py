"""Inspections, defects, images, models."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from psycopg.rows import DictRow

from jidoka.api.database import Connection, row, rows
from jidoka.api.queries.conditions import PAGE, RANGE, where
from jidoka.api.queries.parts import AROUND

FIELDS = """id, frame_id, part_id, station, camera, role, verdict, reason, quality_score, defect_count, model,
model_version, model_sha256, config_sha256, width, height, captured_at, inspected_at, queue_ms, decode_ms, prepare_ms,
model_ms, finish_ms, created_at"""
DEFECT_FIELDS = """id, part_id, frame_id, class AS defect_class, confidence, station, disposition, bounding_box,
created_at, inspection_id, camera, role"""

FILTERS = {
    "station": "station = %(station)s",
    "camera": "camera = %(camera)s",
    "verdict": "verdict = %(verdict)s",
    "role": "role = %(role)s",
    "model_sha256": "model_sha256 = %(model_sha256)s",
    **RANGE,
    **PAGE,
}
DEFECT_FILTERS = {
    "defect_class": "class = %(defect_class)s",
    "station": "station = %(station)s",
    "camera": "camera = %(camera)s",
    "role": "role = %(role)s",
    "disposition": "disposition = %(disposition)s",
    "least": "confidence >= %(least)s",
    **RANGE,
    **PAGE,
}


async def listed(connection: Connection, values: Mapping[str, Any]) -> list[DictRow]:
    """Inspections by FILTERS, newest first, at most `limit`."""
    sql = f"SELECT {FIELDS} FROM inspections{where(FILTERS, values)} ORDER BY created_at DESC, id DESC LIMIT %(limit)s"  # noqa: S608
    return await rows(connection, sql, dict(values))


async def of_part(connection: Connection, part: DictRow) -> list[DictRow]:
    """A part's inspections, each with its defects, oldest first."""
    sql = f"SELECT {FIELDS} FROM inspections WHERE part_id = %(id)s AND {AROUND} ORDER BY captured_at, id"  # noqa: S608
    return await with_defects(connection, await rows(connection, sql, {"id": part["id"], "at": part["created_at"]}))


async def with_defects(connection: Connection, inspections: Sequence[DictRow]) -> list[DictRow]:
    """The inspections with their defects."""
    if not inspections:
        return []
    # an inspection's defects have its time: a chunk that holds none of them is not opened
    sql = f"""SELECT {DEFECT_FIELDS} FROM defects WHERE inspection_id = ANY(%(ids)s)
        AND created_at BETWEEN %(first)s AND %(last)s ORDER BY confidence DESC, id"""  # noqa: S608
    times = [inspection["created_at"] for inspection in inspections]
    values = {"ids": [inspection["id"] for inspection in inspections], "first": min(times), "last": max(times)}
    found: dict[UUID, list[DictRow]] = {}
    for defect in await rows(connection, sql, values):
        found.setdefault(defect["inspection_id"], []).append(defect)
    return [{**inspection, "defects": found.get(inspection["id"], [])} for inspection in inspections]


async def defects(connection: Connection, values: Mapping[str, Any]) -> list[DictRow]:
    """Defects by DEFECT_FILTERS, newest first, at most `limit`."""
    sql = f"""SELECT {DEFECT_FIELDS} FROM defects{where(DEFECT_FILTERS, values)}
        ORDER BY created_at DESC, id DESC LIMIT %(limit)s"""  # noqa: S608
    return await rows(connection, sql, dict(values))


async def defect_part(connection: Connection, defect_id: UUID, part_id: UUID) -> bool:
    """Whether the part has this defect."""
    sql = "SELECT 1 FROM defects WHERE id = %(defect)s AND part_id = %(part)s LIMIT 1"
    return await row(connection, sql, {"defect": defect_id, "part": part_id}) is not None


async def images_of_part(connection: Connection, part: DictRow) -> list[DictRow]:
    """A part's stored images, without their bytes."""
    sql = f"""SELECT frame_id AS id, camera, verdict, width, height, sha256, kept, created_at FROM images
        WHERE part_id = %(id)s AND {AROUND} ORDER BY created_at"""  # noqa: S608
    found = await rows(connection, sql, {"id": part["id"], "at": part["created_at"]})
    return [{**image, "url": f"/api/v1/images/{image['id']}"} for image in found]


async def image(connection: Connection, frame_id: UUID) -> DictRow | None:
    """A stored image with its bytes."""
    return await row(connection, "SELECT sha256, image FROM images WHERE frame_id = %(id)s LIMIT 1", {"id": frame_id})


async def image_hash(connection: Connection, frame_id: UUID) -> str | None:
    """The sha256 of a stored image, or None."""
    found = await row(connection, "SELECT sha256 FROM images WHERE frame_id = %(id)s LIMIT 1", {"id": frame_id})
    return str(found["sha256"]) if found else None


async def models(connection: Connection) -> list[DictRow]:
    """Models that inspected here, newest first."""
    sql = "SELECT id, name, version, sha256, first_at FROM models ORDER BY first_at DESC, id DESC"
    return await rows(connection, sql)
