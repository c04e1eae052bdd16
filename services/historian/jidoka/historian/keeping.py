"""What people keep beyond every retention: a part with its images, inspections, defects and the tags around it.

A part's rows of plain tables stay where they are and its images are moved at once; its rows in tables cut by time are
moved by retention before it drops their chunk (`record.rescue`), so that each fact is in one place at any time.
"""

from uuid import UUID

from jidoka.historian.alarm import Refusal
from jidoka.historian.clock import Fact
from jidoka.historian.database import Cursor
from jidoka.historian.effects import Effects
from jidoka.schemas import Action, KeepPart

_IMAGE = (
    "frame_id, created_at, claimed_at, inspection_id, part_id, station, camera, verdict, width, height, sha256, image"
)
_PART = "SELECT 1 FROM public.parts WHERE id = %s"
_KEPT = "SELECT actor, kept_at FROM record.kept_parts WHERE part_id = %s"
# a minute of tags before the part came and after it was decided
_KEEP = """
INSERT INTO record.kept_parts (part_id, actor, comment, kept_at, first_at, last_at)
SELECT id, %s, %s, %s, created_at - interval '1 minute', greatest(decided_at, created_at) + interval '1 minute'
FROM record.parts WHERE id = %s
"""


def keep_part(cursor: Cursor, fact: Fact[Action], effects: Effects) -> Refusal | None:
    """Takes a part out of the reach of retention."""
    action = fact.message
    assert isinstance(action, KeepPart)
    if cursor.execute(_PART, (action.part_id,)).fetchone() is None:
        return Refusal("there is no such part")
    kept = cursor.execute(_KEPT, (action.part_id,)).fetchone()
    if kept:
        return Refusal("this part is kept already", *kept)
    cursor.execute(_KEEP, (action.actor, action.comment, fact.at, action.part_id))
    keep_images(cursor, action.part_id)
    effects.count("kept_parts", 1)
    return None


def keep_images(cursor: Cursor, part_id: UUID) -> None:
    """Moves the part's images to `kept_images`."""
    for table in ("images_fail", "images_pass"):
        cursor.execute(
            f"WITH moved AS (DELETE FROM record.{table} WHERE part_id = %s RETURNING {_IMAGE}) "  # noqa: S608
            f"INSERT INTO record.kept_images ({_IMAGE}) SELECT {_IMAGE} FROM moved ON CONFLICT DO NOTHING",
            (part_id,),
        )
