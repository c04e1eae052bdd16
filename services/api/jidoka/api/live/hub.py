"""Fans out what happens to all clients of this process."""

import json

from jidoka.api.live.actions import Actions
from jidoka.api.live.client import Client, Subscription
from jidoka.api.live.events import Event
from jidoka.api.live.frames import LiveFrames
from jidoka.api.live.picture import Picture
from jidoka.api.metrics import CLIENTS, EVENTS
from jidoka.api.people.person import Person
from jidoka.schemas import ActionOutcome, LiveFrame, Message


class Hub:
    """Lives in the event loop; nothing in it waits, so a snapshot and the events after it have no gap and no double."""

    def __init__(self, picture: Picture, frames: LiveFrames, actions: Actions, ceiling: int) -> None:
        self.picture, self._frames, self._actions = picture, frames, actions
        self._ceiling, self._streams = ceiling, 0
        self._clients: set[Client] = set()
        self._number = 0

    def apply(self, messages: list[Message]) -> None:
        """Takes in messages of the bus."""
        for message in messages:
            match message:
                case LiveFrame():
                    self._frames.put(message)
                    for client in self._clients:
                        client.offer_frame(message)
                case ActionOutcome():
                    self._actions.answered(message)
                case _:
                    self.tell(self.picture.apply(message))

    def tell(self, events: list[Event]) -> None:
        """Numbers events and offers them to every client."""
        for event in events:
            self._number += 1
            event.number = self._number
            EVENTS.labels(event.kind).inc()
            for client in self._clients:
                client.offer(event)

    def enter(self, person: Person) -> Client | None:
        """A new client whose first message is the snapshot; None when there are too many."""
        if self.full():
            return None
        client = Client(person)
        self._clients.add(client)
        CLIENTS.inc()
        client.restart(self.snapshot(client))
        return client

    def leave(self, client: Client) -> None:
        """The client is gone."""
        self._clients.discard(client)
        CLIENTS.dec()

    def subscribe(self, client: Client, wanted: Subscription) -> None:
        """Changes what a client gets, beginning with a new snapshot."""
        client.subscribe(wanted)
        client.restart(self.snapshot(client))

    def full(self) -> bool:
        """Whether the ceiling of clients and streams is reached."""
        return len(self._clients) + self._streams >= self._ceiling

    def stream_began(self) -> None:
        """Counts an MJPEG stream."""
        self._streams += 1
        CLIENTS.inc()

    def stream_ended(self) -> None:
        """One MJPEG stream less."""
        self._streams -= 1
        CLIENTS.dec()

    def snapshot(self, client: Client) -> str:
        """The part of the picture that a client wants, as JSON; `n` is the number of the newest event in it."""
        whole = self.picture.snapshot()
        kinds = {"stations": "station", "parts": "part", "inspections": "inspection", "alarms": "alarm"}
        kinds |= {"devices": "device", "services": "service"}
        data = {
            name: [one for one in whole[name] if client.wants(kind, _station_of(kind, one))]
            for name, kind in kinds.items()
        }
        data["tags"] = [client.chosen_tags(scan) for scan in whole["tags"]] if client.wants("tags", None) else []
        body = {"type": "snapshot", "n": self._number, "data": {**data, "links": whole["links"]}}
        return json.dumps(body, separators=(",", ":"), ensure_ascii=False)


def _station_of(kind: str, data: dict[str, object]) -> str | None:
    station = data.get("name" if kind == "station" else "station")
    return station if isinstance(station, str) else None
