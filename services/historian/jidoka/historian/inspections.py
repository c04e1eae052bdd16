"""Inspections with their defects, and captures that failed."""

from collections.abc import Iterable, Sequence

from jidoka.historian.clock import Fact
from jidoka.historian.database import Cursor
from jidoka.historian.effects import Effects
from jidoka.historian.rows import insert_new, present
from jidoka.schemas import CaptureFailed, Inspection, ModelRef, Role

_MODEL = """
INSERT INTO record.models (name, version, sha256) VALUES (%s, %s, %s)
ON CONFLICT (name, version, sha256) DO UPDATE SET name = EXCLUDED.name RETURNING id
"""
_INSPECTION = """
INSERT INTO record.inspections (created_at, id, claimed_at, frame_id, part_id, station, camera, role, verdict, reason,
    quality_score, defect_count, model_id, config_sha256, width, height, inspected_at,
    queue_ms, decode_ms, prepare_ms, model_ms, finish_ms)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT DO NOTHING RETURNING 1
"""
_DEFECT = """
INSERT INTO record.defects (created_at, id, inspection_id, frame_id, part_id, station, camera, role, class, confidence,
                            x, y, width, height)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING RETURNING 1
"""
# Makes the row when the inspection overtook its part; the view shows it once arrival or decision are there.
_QUALITY = """
INSERT INTO record.parts AS p (id, created_at, station, quality_score) VALUES (%s, %s, %s, %s)
ON CONFLICT (id) DO UPDATE SET quality_score = least(p.quality_score, EXCLUDED.quality_score)
"""
_CAPTURE = """
INSERT INTO record.captures (id, created_at, claimed_at, part_id, station, camera, code, reason)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING RETURNING 1
"""


class Inspections:
    """Stores inspections; remembers the numbers of the models."""

    def __init__(self) -> None:
        self._models: dict[ModelRef, int] = {}

    def forget(self) -> None:
        """After a transaction that was rolled back the numbers may not exist."""
        self._models.clear()

    def store(self, cursor: Cursor, facts: Sequence[Fact[Inspection]], effects: Effects) -> None:
        """What models said of frames; an inspection_id that is there already is another worker's same result."""
        facts = _unknown(cursor, facts)
        stored = insert_new(cursor, _INSPECTION, [self._row(cursor, fact) for fact in facts])
        fresh = [fact for fact, new in zip(facts, stored, strict=True) if new]
        effects.count("inspections", len(fresh))
        defects = [row for fact in fresh for row in _defects(fact)]
        effects.count("defects", sum(insert_new(cursor, _DEFECT, defects)))
        cursor.executemany(_QUALITY, list(_qualities(fresh)))

    def _row(self, cursor: Cursor, fact: Fact[Inspection]) -> tuple[object, ...]:
        one, times = fact.message, fact.message.timings
        who = (fact.at, one.inspection_id, fact.claimed_at, one.frame_id, one.part_id, one.station, one.camera)
        what = (one.role.value, one.verdict.value, one.reason, one.quality_score, len(one.defects))
        how = (self._model(cursor, one.model), bytes.fromhex(one.config_sha256), one.width, one.height)
        spent = (times.queue, times.decode, times.prepare, times.model, times.finish)
        return (*who, *what, *how, one.inspected_at, *spent)

    def _model(self, cursor: Cursor, model: ModelRef) -> int:
        if model not in self._models:
            key = (model.name, model.version, bytes.fromhex(model.sha256))
            row = cursor.execute(_MODEL, key).fetchone()
            assert row is not None
            self._models[model] = row[0]
        return self._models[model]


def store_captures(cursor: Cursor, facts: Sequence[Fact[CaptureFailed]], effects: Effects) -> None:
    """Parts without a usable frame."""
    rows = [
        (one.capture_id, fact.at, fact.claimed_at, one.part_id, one.station, one.camera, one.code, one.reason)
        for fact, one in ((fact, fact.message) for fact in facts)
    ]
    effects.count("captures", sum(insert_new(cursor, _CAPTURE, rows)))


def _unknown(cursor: Cursor, facts: Sequence[Fact[Inspection]]) -> list[Fact[Inspection]]:
    # a time received differs between repeats, so the key (id, created_at) does not see them
    moved = [fact.message.inspection_id for fact in facts if fact.claimed_at]
    known = present(cursor, "SELECT id FROM record.inspections WHERE id = ANY(%s)", moved)
    return [fact for fact in facts if fact.message.inspection_id not in known]


def _defects(fact: Fact[Inspection]) -> Iterable[tuple[object, ...]]:
    one = fact.message
    for defect in one.defects:
        who = (fact.at, defect.defect_id, one.inspection_id, one.frame_id, one.part_id, one.station, one.camera)
        box = (defect.box.x, defect.box.y, defect.box.width, defect.box.height)
        yield (*who, one.role.value, defect.defect_class, defect.confidence, *box)


def _qualities(facts: Iterable[Fact[Inspection]]) -> Iterable[tuple[object, ...]]:
    for fact in facts:
        one = fact.message
        if one.role is Role.LIVE and one.part_id is not None and one.quality_score is not None:
            yield one.part_id, fact.at, one.station, one.quality_score
