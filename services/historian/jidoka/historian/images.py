"""Evidence: the images to keep, in one table a retention class."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from jidoka.historian.clock import Fact
from jidoka.historian.database import Cursor
from jidoka.historian.effects import Effects
from jidoka.historian.keeping import keep_images
from jidoka.historian.rows import insert_new, present
from jidoka.schemas import Evidence, Verdict

TABLE_OF = {Verdict.PASS: "images_pass", Verdict.FAIL: "images_fail", Verdict.INVALID: "images_fail"}

_IMAGE = """
INSERT INTO record.{table} (created_at, frame_id, claimed_at, inspection_id, part_id, station, camera, verdict,
                            width, height, sha256, image)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %b) ON CONFLICT DO NOTHING RETURNING 1
"""
_MOVED = "SELECT frame_id FROM record.{table} WHERE frame_id = ANY(%s)"
_KEPT = "SELECT frame_id FROM record.kept_images WHERE frame_id = ANY(%s)"
_WANTED = """
SELECT part_id FROM record.dispositions WHERE part_id = ANY(%(parts)s)
UNION SELECT part_id FROM record.kept_parts WHERE part_id = ANY(%(parts)s)
"""


class Images:
    """Stores whole images; a damaged one contradicts its own sha256. `keep`: how long each table keeps its own."""

    def __init__(self, keep: Mapping[str, timedelta | None]) -> None:
        self._keep = keep

    def store(self, cursor: Cursor, facts: Sequence[Fact[Evidence]], effects: Effects) -> None:
        """Stores images by class; one that is older than its class keeps on arrival is only counted."""
        kept = present(cursor, _KEPT, [fact.message.frame_id for fact in facts])
        whole = [fact for fact in facts if fact.message.intact() and fact.message.frame_id not in kept]
        for table in sorted(set(TABLE_OF.values())):
            self._store(cursor, table, [fact for fact in whole if TABLE_OF[fact.message.verdict] == table], effects)
        for fact in facts:
            if not fact.message.intact():
                reason = f"Evidence: sha256: the image of frame {fact.message.frame_id} is damaged"
                effects.refuse(fact, "schema", reason)
        parts = list({fact.message.part_id for fact in facts if fact.message.part_id})
        for (part_id,) in cursor.execute(_WANTED, {"parts": parts}).fetchall():
            keep_images(cursor, part_id)

    def _store(self, cursor: Cursor, table: str, facts: Sequence[Fact[Evidence]], effects: Effects) -> None:
        moved = [fact.message.frame_id for fact in facts if fact.claimed_at]
        known = present(cursor, _MOVED.format(table=table), moved)
        fresh = [fact for fact in facts if fact.message.frame_id not in known]
        young = [fact for fact in fresh if not self._expired(table, fact)]
        effects.count(table, sum(insert_new(cursor, _IMAGE.format(table=table), [_row(fact) for fact in young])))
        effects.count(f"{table}_expired", len(fresh) - len(young))

    def _expired(self, table: str, fact: Fact[Evidence]) -> bool:
        keep = self._keep.get(table)
        return keep is not None and fact.at < fact.received_at - keep


def _row(fact: Fact[Evidence]) -> tuple[object, ...]:
    one = fact.message
    who = (fact.at, one.frame_id, fact.claimed_at, one.inspection_id, one.part_id, one.station, one.camera)
    return (*who, one.verdict.value, one.width, one.height, bytes.fromhex(one.sha256), one.image)
