"""What the controller says: scans of tags, parts, parts that were missed."""

from typing import Annotated

from pydantic import Field

from jidoka.schemas.message import Carriage, Message, Stream
from jidoka.schemas.types import Count, Id, Label, Milliseconds, Name, Scalar, TagName, Text, UtcTime


class TagBatch(Message, topic="scans/{plc}/{group}", carriage=Carriage.RECORD, stream=Stream.SAMPLES):
    """One scan of one group of tags."""

    plc: Name
    group: Name
    at: UtcTime = Field(description="when the controller answered, by the gateway's clock")
    scan_no: Count = Field(description="number of this scan since the gateway started; a jump is a scan not published")
    values: Annotated[dict[TagName, Scalar], Field(max_length=5000)] = Field(description="good values by tag")
    bad: Annotated[dict[TagName, Text], Field(max_length=5000)] = Field(
        default_factory=dict, description="tags that could not be read, and why"
    )
    uncertain: Annotated[dict[TagName, Text], Field(max_length=5000)] = Field(
        default_factory=dict, description="tags whose value above is doubtful, and why"
    )


class PartArrived(Message, topic="parts/{station}", carriage=Carriage.RECORD, fresh_for=3.0):
    """One visit of one part to one station."""

    part_id: Id
    station: Name
    plc: Name
    counter: Count = Field(description="the controller's own sequence number of the part at this station")
    serial: Label | None = None
    sku: Label | None = None
    batch: Label | None = None
    cycle_time_ms: Milliseconds | None = None
    arrived_at: UtcTime = Field(description="when the gateway saw the counter move")
    deadline_ms: Milliseconds = Field(description="time from arrival within which a verdict is of use")
    replayed: bool = Field(default=False, description="read from the controller's ring too late to take its picture")


class PartsMissed(Message, topic="missed/{station}", carriage=Carriage.RECORD):
    """Parts that the controller counted and whose records it no longer had: they have no Decision."""

    missed_id: Id
    station: Name
    plc: Name
    first: Count = Field(description="first counter value missed")
    last: Count = Field(description="last counter value missed")
    count: Count
    at: UtcTime
    reason: Text
