"""Record time: what a source claims, or the time received when the claim cannot be right."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from jidoka.schemas import (
    Action,
    AlarmCondition,
    CaptureFailed,
    Decision,
    Evidence,
    Inspection,
    Lost,
    Message,
    PartArrived,
    PartsMissed,
    TagBatch,
)

OLDEST = timedelta(days=30)
NEWEST = timedelta(minutes=5)

_TIME_FIELD: dict[type[Message], str] = {
    TagBatch: "at",
    PartArrived: "arrived_at",
    PartsMissed: "at",
    CaptureFailed: "at",
    Inspection: "captured_at",
    Evidence: "captured_at",
    Decision: "arrived_at",
    AlarmCondition: "at",
    Lost: "at",
}

M_co = TypeVar("M_co", bound=Message, covariant=True)


@dataclass(frozen=True, slots=True)
class Fact(Generic[M_co]):
    """A record to store: when it was, what its source claimed if that was unbelievable, and who sent it."""

    message: M_co
    source: str
    at: datetime
    received_at: datetime
    claimed_at: datetime | None = None


def placed(message: Message, source: str, received_at: datetime) -> Fact[Message]:
    """The fact under its own time, or under the time received when its own is out of the window."""
    claimed: datetime = getattr(message, "at" if isinstance(message, Action) else _TIME_FIELD[type(message)])
    if received_at - OLDEST <= claimed <= received_at + NEWEST:
        return Fact(message, source, claimed, received_at)
    return Fact(message, source, received_at, received_at, claimed)


def is_stored(message: Message) -> bool:
    """Whether the class is one that the historian keeps."""
    return isinstance(message, Action) or type(message) in _TIME_FIELD
