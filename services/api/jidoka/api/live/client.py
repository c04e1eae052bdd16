"""One WebSocket client: what it wants, and what waits for it."""

import asyncio
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Protocol

from pydantic import Field

from jidoka.api.live.events import KINDS, TAG_FIELDS, Event
from jidoka.api.models.base import Question
from jidoka.api.people.person import Person
from jidoka.schemas.types import Name, TagName

WAITING = 1000
Names = Annotated[list[Name], Field(max_length=200)]
CameraPath = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.\-]{1,64}/[A-Za-z0-9_.\-]{1,64}$")]


class Subscription(Question):
    """What a client wants to hear; what is left out is everything, but live images come only when asked for."""

    type: Literal["subscribe"] = "subscribe"
    kinds: Annotated[list[Literal[KINDS]], Field(max_length=20)] | None = None  # type: ignore[valid-type]
    stations: Names | None = None
    tags: Annotated[list[TagName], Field(max_length=2000)] | None = None
    live: list[CameraPath] = Field(default_factory=list, max_length=32, description="`station/camera`")


@dataclass(frozen=True)
class Wanted:
    """A subscription in effect; clients that want the same are served the same bytes."""

    kinds: frozenset[str] | None = None
    stations: frozenset[str] | None = None
    tags: frozenset[str] | None = None

    @classmethod
    def of(cls, subscription: Subscription) -> "Wanted":
        """From a client's word."""
        named = (subscription.kinds, subscription.stations, subscription.tags)
        return cls(*(None if names is None else frozenset(names) for names in named))

    def includes(self, kind: str, station: str | None) -> bool:
        """Whether an event of this kind and station is wanted."""
        if self.kinds is not None and kind not in self.kinds:
            return False
        return self.stations is None or station is None or station in self.stations

    def chosen(self, event: Event) -> Event | None:
        """The wanted part of an event."""
        if not self.includes(event.kind, event.station):
            return None
        if event.kind != "tags" or self.tags is None:
            return event
        data = self.chosen_tags(event.data)
        if not (data["values"] or data["bad"]):
            return None
        return Event("tags", data, key=event.key, number=event.number)

    def chosen_tags(self, scan: dict[str, Any]) -> dict[str, Any]:
        """A scan with only the tags that are wanted."""
        if self.tags is None:
            return scan
        return scan | {name: {tag: said for tag, said in scan[name].items() if tag in self.tags} for name in TAG_FIELDS}


class Wire(Protocol):
    """Where frames go."""

    @property
    def blocked(self) -> bool:
        """Whether the client has not read what was written before."""

    def write(self, frames: bytes) -> None:
        """Whole frames."""


class Client:
    """Writes at once while the client reads; else events wait in a bounded queue.

    What a newer event makes needless is replaced in it; what does not fit sets `lagging`.
    """

    def __init__(self, person: Person, wire: Wire) -> None:
        self.person, self.wanted, self.live = person, Wanted(), frozenset[str]()
        self.lagging: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._wire = wire
        self._waiting: OrderedDict[Hashable, Event | bytes] = OrderedDict()

    def subscribe(self, subscription: Subscription) -> None:
        """Changes what the client wants from now on."""
        self.wanted, self.live = Wanted.of(subscription), frozenset(subscription.live)

    @property
    def reads(self) -> bool:
        """Whether frames may be written at once."""
        return not self._waiting and not self._wire.blocked

    def write(self, frames: bytes) -> None:
        """Frames for a client that reads."""
        self._wire.write(frames)

    def restart(self, snapshot: bytes) -> None:
        """Drops what waits and sends this instead."""
        self._waiting.clear()
        self._waiting[object()] = snapshot
        self.flush()

    def queue(self, event: Event) -> None:
        """An event for a client that does not read now."""
        chosen = self.wanted.chosen(event)
        if chosen is None:
            return
        waiting = self._waiting.get(event.key) if event.key else None
        self._put(event.key or object(), waiting.merged(chosen) if isinstance(waiting, Event) else chosen)

    def queue_image(self, place: str, frame: bytes) -> None:
        """A live image; an older one that still waits is replaced."""
        self._put(("live", place), frame)

    def flush(self) -> None:
        """Writes what waits, as far as the client reads it."""
        while self._waiting and not self._wire.blocked:
            _, item = self._waiting.popitem(last=False)
            self._wire.write(item.frame() if isinstance(item, Event) else item)

    def _put(self, key: Hashable, item: Event | bytes) -> None:
        if len(self._waiting) < WAITING or key in self._waiting:
            self._waiting[key] = item
            self._waiting.move_to_end(key)
        elif not self.lagging.done():
            self.lagging.set_result(None)
