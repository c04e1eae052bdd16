"""People's judgements of parts and defects: rows of their own, so that no old fact is ever changed."""

from jidoka.historian.alarm import Refusal
from jidoka.historian.clock import Fact
from jidoka.historian.database import Cursor
from jidoka.historian.effects import Effects
from jidoka.historian.keeping import keep_images
from jidoka.schemas import Action, RecordDisposition, UndoDisposition

_INSERT = """
INSERT INTO record.dispositions (id, part_id, defect_id, disposition, actor, comment, created_at)
VALUES (%s, %s, %s, %s, %s, %s, %s)
"""
_UNDO = "UPDATE record.dispositions SET undone_by = %s, undone_at = %s, undo_comment = %s WHERE id = %s"
_SAME = "SELECT actor, created_at FROM record.dispositions WHERE id = %s"


def record_disposition(cursor: Cursor, fact: Fact[Action], effects: Effects) -> Refusal | None:
    """Stores a judgement and moves the part's images out of retention's reach: they are what training needs."""
    action = fact.message
    assert isinstance(action, RecordDisposition)
    refusal = _refusal(cursor, action)
    if refusal:
        return refusal
    judged = (action.disposition_id, action.part_id, action.defect_id, action.disposition.value)
    cursor.execute(_INSERT, (*judged, action.actor, action.comment, fact.at))
    effects.count("dispositions", 1)
    keep_images(cursor, action.part_id)
    return None


def undo_disposition(cursor: Cursor, fact: Fact[Action], effects: Effects) -> Refusal | None:
    """Takes a judgement back; its row stays."""
    action = fact.message
    assert isinstance(action, UndoDisposition)
    found = cursor.execute(
        "SELECT undone_by, undone_at FROM record.dispositions WHERE id = %s", (action.disposition_id,)
    ).fetchone()
    if found is None:
        return Refusal("there is no such disposition")
    undone_by, undone_at = found
    if undone_at is not None:
        return Refusal(f"undone at {undone_at.isoformat(timespec='seconds')}", undone_by, undone_at)
    cursor.execute(_UNDO, (action.actor, fact.at, action.comment, action.disposition_id))
    effects.count("dispositions", 1)
    return None


def _refusal(cursor: Cursor, action: RecordDisposition) -> Refusal | None:
    same = cursor.execute(_SAME, (action.disposition_id,)).fetchone()
    if same:
        return Refusal("this disposition is recorded already", *same)
    if cursor.execute("SELECT 1 FROM record.parts WHERE id = %s", (action.part_id,)).fetchone() is None:
        return Refusal("there is no such part")
    if action.defect_id is None:
        return None
    defect = (action.part_id, action.defect_id)
    if cursor.execute("SELECT 1 FROM record.defects WHERE part_id = %s AND id = %s LIMIT 1", defect).fetchone() is None:
        return Refusal("there is no such defect of this part")
    return None
