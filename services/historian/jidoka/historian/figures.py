"""Which minutes of which stations have new facts, so that their figures are rolled up again."""

from collections.abc import Sequence

from jidoka.historian.clock import Fact
from jidoka.historian.database import Cursor
from jidoka.schemas import Decision, Inspection, Message, PartArrived, RecordDisposition, UndoDisposition

_PARTS = """
INSERT INTO record.due_figures (minute, station)
SELECT DISTINCT date_bin('1 minute', created_at, '2000-01-03 00:00+00'), station FROM record.parts WHERE id = ANY(%s)
ON CONFLICT DO NOTHING
"""
_DEFECTS = """
INSERT INTO record.due_figures (minute, station)
SELECT DISTINCT date_bin('1 minute', created_at, '2000-01-03 00:00+00'), station FROM record.defects
WHERE part_id = ANY(%s) ON CONFLICT DO NOTHING
"""
_JUDGED = "SELECT part_id FROM record.dispositions WHERE id = ANY(%s)"
_MINUTE = "INSERT INTO record.due_figures (minute, station) VALUES (%s, %s) ON CONFLICT DO NOTHING"


def mark_due(cursor: Cursor, facts: Sequence[Fact[Message]]) -> None:
    """Marks the minutes that these facts, already stored, belong to."""
    messages = [fact.message for fact in facts]
    parts = {one.part_id for one in messages if isinstance(one, PartArrived | Decision)}
    judgements = [one.disposition_id for one in messages if isinstance(one, RecordDisposition | UndoDisposition)]
    judged = {row[0] for row in cursor.execute(_JUDGED, (judgements,)).fetchall()} if judgements else set()
    if parts | judged:
        cursor.execute(_PARTS, (list(parts | judged),))
    if judged:
        cursor.execute(_DEFECTS, (list(judged),))
    minutes = {
        (fact.at.replace(second=0, microsecond=0), fact.message.station)
        for fact in facts
        if isinstance(fact.message, Inspection) and fact.message.defects
    }
    if minutes:
        cursor.executemany(_MINUTE, sorted(minutes))
