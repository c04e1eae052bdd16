"""One WebSocket client: what it wants, and what waits for it."""

import asyncio
from collections import OrderedDict
from collections.abc import Hashable
from typing import Annotated, Any, Literal

from pydantic import Field

from jidoka.api.live.events import KINDS, Event
from jidoka.api.models.base import Question
from jidoka.api.people.person import Person
from jidoka.schemas import LiveFrame
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


class Client:
    """A bounded queue. What a newer event makes needless is replaced in it; what does not fit sets `lagging`."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self.lagging = False
        self._waiting: OrderedDict[Hashable, Event | LiveFrame | str] = OrderedDict()
        self._wake = asyncio.Event()
        self.subscribe(Subscription())

    def subscribe(self, wanted: Subscription) -> None:
        """Changes what the client wants from now on."""
        self._kinds = None if wanted.kinds is None else frozenset(wanted.kinds)
        self._stations = None if wanted.stations is None else frozenset(wanted.stations)
        self._tags = None if wanted.tags is None else frozenset(wanted.tags)
        self._live = frozenset(wanted.live)

    def restart(self, text: str) -> None:
        """Drops what waits and sends this snapshot instead."""
        self._waiting.clear()
        self._waiting[object()] = text
        self._wake.set()

    def wants(self, kind: str, station: str | None) -> bool:
        """Whether an event of this kind and station is for this client."""
        if self._kinds is not None and kind not in self._kinds:
            return False
        return self._stations is None or station is None or station in self._stations

    def offer(self, event: Event) -> None:
        """Queues an event if it is wanted."""
        if not self.wants(event.kind, event.station):
            return
        if event.kind == "tags" and self._tags is not None:
            chosen = Event("tags", self.chosen_tags(event.data), key=event.key, number=event.number)
            if not (chosen.data["values"] or chosen.data["bad"]):
                return
            event = chosen
        waiting = self._waiting.get(event.key) if event.key else None
        self._put(event.key or object(), waiting.merged(event) if isinstance(waiting, Event) else event)

    def offer_frame(self, frame: LiveFrame) -> None:
        """Queues a live image if it is wanted; an older one that still waits is replaced."""
        if f"{frame.station}/{frame.camera}" in self._live:
            self._put(("live", frame.station, frame.camera), frame)

    def chosen_tags(self, scan: dict[str, Any]) -> dict[str, Any]:
        """A scan with only the tags that are wanted."""
        if self._tags is None:
            return scan
        return {
            **scan,
            "values": {name: value for name, value in scan["values"].items() if name in self._tags},
            "bad": {name: why for name, why in scan["bad"].items() if name in self._tags},
        }

    async def take(self) -> list[Event | LiveFrame | str]:
        """Everything that waits; waits itself until there is something."""
        await self._wake.wait()
        self._wake.clear()
        taken = list(self._waiting.values())
        self._waiting.clear()
        return taken

    def _put(self, key: Hashable, item: Event | LiveFrame) -> None:
        if len(self._waiting) >= WAITING and key not in self._waiting:
            self.lagging = True
        else:
            self._waiting[key] = item
            self._waiting.move_to_end(key)
        self._wake.set()
