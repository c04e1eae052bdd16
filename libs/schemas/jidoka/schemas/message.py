"""What every message class has: a topic that it owns, the way it travels, and strict fields."""

import re
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field

_PLACE = re.compile(r"\{(\w+)\}")


class Carriage(StrEnum):
    """How a message travels: see the design's three kinds of message."""

    RECORD = "record"
    STATE = "state"
    STREAM = "stream"


class Stream(StrEnum):
    """A numbered sequence of one source's records; the order in which a full outbox gives them up is last to first."""

    FACTS = "facts"
    EVIDENCE = "evidence"
    SAMPLES = "samples"


class Fields(BaseModel):
    """Strict, immutable fields; what a newer release added is ignored."""

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore", allow_inf_nan=False)


class Message(Fields):
    """One message class of the line.

    Class keywords: `topic` (template after `jidoka/v1/<site>/<line>/`, its places are fields of the class), `carriage`,
    `stream` (records), `retain`, `qos`, `expiry` (seconds until a broker may drop an undelivered copy), `fresh_for`
    (seconds after which a record still unsent goes to the historian alone: nothing may act on it any more).
    """

    topic: ClassVar[str] = ""
    carriage: ClassVar[Carriage] = Carriage.STREAM
    stream: ClassVar[Stream | None] = None
    retain: ClassVar[bool] = False
    qos: ClassVar[int] = 1
    expiry: ClassVar[int | None] = None
    fresh_for: ClassVar[float | None] = None
    schema_version: ClassVar[int] = 1

    def __init_subclass__(cls, **traits: Any) -> None:
        super().__init_subclass__()
        for name, value in traits.items():
            setattr(cls, name, value)
        if cls.carriage is Carriage.RECORD and cls.stream is None:
            cls.stream = Stream.FACTS
        if cls.carriage is Carriage.STATE:
            cls.retain = True

    @classmethod
    def schema_id(cls) -> str:
        """`PartArrived/1`: the value of the user property `schema`."""
        return f"{cls.__name__}/{cls.schema_version}"

    @classmethod
    def places(cls) -> tuple[str, ...]:
        """The fields that stand in the topic, in order."""
        return tuple(_PLACE.findall(cls.topic))

    def address(self) -> str:
        """The topic after the line, with this message's own fields filled in."""
        return self.topic.format_map({place: getattr(self, place) for place in self.places()})


class ImageMessage(Message):
    """A message whose payload is a JPEG; its other fields travel in the user property `meta`."""

    image: Annotated[bytes, Field(exclude=True, repr=False, max_length=32 * 2**20)] = b""

    def with_image(self, image: bytes) -> Self:
        """The same message around other image bytes."""
        return self.model_copy(update={"image": image})
