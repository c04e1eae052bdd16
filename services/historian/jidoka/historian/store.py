"""From message class to table: one call stores a batch of facts of any kinds."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from jidoka.historian.alarms import store_conditions
from jidoka.historian.clock import Fact
from jidoka.historian.database import Cursor
from jidoka.historian.effects import Effects
from jidoka.historian.figures import mark_due
from jidoka.historian.images import Images
from jidoka.historian.inspections import Inspections, store_captures
from jidoka.historian.parts import store_arrivals, store_decisions, store_missed
from jidoka.historian.people import store_actions
from jidoka.historian.samples import Samples
from jidoka.schemas import (
    Action,
    AlarmCondition,
    CaptureFailed,
    Decision,
    Evidence,
    Inspection,
    Message,
    PartArrived,
    PartsMissed,
    TagBatch,
)

# What people do comes last: it is about parts, defects and alarms that may be in the same batch.
Writer = Callable[[Cursor, Sequence[Fact[Any]], Effects], None]


class Store:
    """Writes facts, kind by kind, in the order in which they came."""

    def __init__(self, keep: Mapping[str, timedelta | None]) -> None:
        self._samples, self._inspections, images = Samples(), Inspections(), Images(keep)
        self._writers: tuple[tuple[type[Message], Writer], ...] = (
            (TagBatch, self._samples.store),
            (PartArrived, store_arrivals),
            (PartsMissed, store_missed),
            (CaptureFailed, store_captures),
            (Inspection, self._inspections.store),
            (Evidence, images.store),
            (Decision, store_decisions),
            (AlarmCondition, store_conditions),
            (Action, store_actions),
        )

    def write(self, cursor: Cursor, facts: Sequence[Fact[Message]]) -> Effects:
        """Stores the facts. Raises psycopg.Error; then the caller rolls back and calls `forget`."""
        effects = Effects()
        for cls, writer in self._writers:
            mine = [fact for fact in facts if isinstance(fact.message, cls)]
            if mine:
                writer(cursor, mine, effects)
        mark_due(cursor, facts)
        return effects

    def forget(self) -> None:
        """After a rollback, numbers given out in it may not exist."""
        self._samples.forget()
        self._inspections.forget()
