"""What the WebSocket says; described here for clients that generate types."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, RootModel

from jidoka.api.models.alarms import Alarm
from jidoka.api.models.base import Answer
from jidoka.api.models.inspections import Inspection
from jidoka.api.models.line import Counts, Device, Queue, Service
from jidoka.api.models.parts import Decision, Part

Number = Annotated[int, Field(description="of the newest event in it; counts up by one an event")]


class StationCounts(Answer):
    """A station's parts since midnight."""

    name: str
    counts: Counts


class TagScan(Answer):
    """The tags of one group that were read or changed."""

    plc: str
    group: str
    at: datetime
    values: dict[str, bool | int | float | str]
    bad: dict[str, str]
    uncertain: dict[str, str] = Field(default_factory=dict, description="tags whose value is doubtful, and why")


class Links(Answer):
    """Whether the API reaches broker and database."""

    broker: bool
    database: bool


class Picture(Answer):
    """The line now, newest first."""

    stations: list[StationCounts]
    parts: list[Part]
    inspections: list[Inspection]
    tags: list[TagScan] = Field(description="one entry a group, all its tags")
    alarms: list[Alarm]
    devices: list[Device]
    services: list[Service]
    queues: list[Queue]
    links: Links


class Snapshot(Answer):
    """The first message, and the answer to each subscription: it replaces everything before."""

    type: Literal["snapshot"]
    n: Number
    data: Picture


class PartEvent(Answer):
    """A part arrived, was decided, or is known better: all that is known of it."""

    type: Literal["part"]
    n: Number
    data: Part


class InspectionEvent(Answer):
    """A model has looked at a frame."""

    type: Literal["inspection"]
    n: Number
    data: Inspection


class DecisionEvent(Answer):
    """The controller was told what to do with a part."""

    type: Literal["decision"]
    n: Number
    data: Decision


class StationEvent(Answer):
    """A station's counts changed."""

    type: Literal["station"]
    n: Number
    data: StationCounts


class TagsEvent(Answer):
    """Tags were read; what is not in it is as it was."""

    type: Literal["tags"]
    n: Number
    data: TagScan


class AlarmChangeEvent(Answer):
    """An alarm changed; one with status `closed` is over."""

    type: Literal["alarm"]
    n: Number
    data: Alarm


class DeviceEvent(Answer):
    """A controller or camera came or went."""

    type: Literal["device"]
    n: Number
    data: Device


class ServiceEvent(Answer):
    """A service came or went."""

    type: Literal["service"]
    n: Number
    data: Service


class QueueEvent(Answer):
    """More or fewer records of a publisher wait for the database."""

    type: Literal["queue"]
    n: Number
    data: Queue


class LinksEvent(Answer):
    """Broker or database came or went."""

    type: Literal["links"]
    n: Number
    data: Links


class LiveEvent(
    RootModel[
        Annotated[
            PartEvent
            | InspectionEvent
            | DecisionEvent
            | StationEvent
            | TagsEvent
            | AlarmChangeEvent
            | DeviceEvent
            | ServiceEvent
            | QueueEvent
            | LinksEvent,
            Field(discriminator="type"),
        ]
    ]
):
    """Any event after the snapshot."""
