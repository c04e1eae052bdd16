"""Custody of records: who holds a record until the database does."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from jidoka.schemas.message import Carriage, Fields, Message, Stream
from jidoka.schemas.types import Count, Id, Name, Text, UtcTime

Seq = Annotated[int, Field(ge=1, le=2**63 - 1)]


@dataclass(frozen=True, slots=True)
class Custody:
    """Identity of one record: `seq` counts from 1 without a gap within source, stream and epoch."""

    source: str
    stream: Stream
    epoch: str
    seq: int


class Watermark(Fields):
    """What is committed of one epoch of one stream: every seq up to `upto`, and the extras above it."""

    stream: Stream
    epoch: Id
    upto: Count
    extras: Annotated[tuple[Seq, ...], Field(max_length=2000, strict=False)] = ()


class Receipt(Message, topic="receipts/{source}", carriage=Carriage.STATE):
    """What the historian has committed of one publisher."""

    source: Name
    watermarks: Annotated[tuple[Watermark, ...], Field(max_length=200, strict=False)]
    at: UtcTime


class Lost(Message, topic="lost/{source}", carriage=Carriage.RECORD):
    """Records that a full outbox gave up; it covers them in every count."""

    source: Name
    lost_stream: Stream
    lost_epoch: Id
    first: Seq
    last: Seq
    reason: Text
    at: UtcTime
