"""Fans out what happens to all clients of this process."""

import json
import struct
from collections.abc import Sequence

from jidoka.api.live.actions import Actions
from jidoka.api.live.client import Client, Subscription, Wanted, Wire
from jidoka.api.live.events import Event, text_frame
from jidoka.api.live.frames import LiveFrames
from jidoka.api.live.picture import Picture
from jidoka.api.live.queues import Queues
from jidoka.api.metrics import CLIENTS, EVENTS
from jidoka.api.people.person import Person
from jidoka.api.protocol import BINARY, framed
from jidoka.runtime.bus import Delivery
from jidoka.schemas import ActionOutcome, LiveFrame, Receipt

SNAPSHOTS_KEPT = 32


class Hub:
    """Lives in the event loop; nothing in it waits, so a snapshot and the events after it have no gap and no double."""

    def __init__(self, picture: Picture, frames: LiveFrames, actions: Actions, ceiling: int) -> None:
        self.picture, self._frames, self._actions = picture, frames, actions
        self.queues = Queues()
        self._ceiling, self._streams = ceiling, 0
        self._clients: set[Client] = set()
        self._snapshots: dict[Wanted, bytes] = {}
        self._number = 0

    def apply(self, deliveries: Sequence[Delivery]) -> None:
        """Takes in messages of the bus; what they change leaves as one write a client."""
        events: list[Event] = []
        for delivery in deliveries:
            if delivery.custody is not None:
                self.queues.heard(delivery.custody)
            match delivery.message:
                case None:
                    continue
                case LiveFrame() as message:
                    self._frames.put(message)
                    self._show(message)
                case ActionOutcome() as message:
                    self._actions.answered(message)
                case Receipt() as message:
                    self.queues.stored(message)
                case message:
                    events += self.picture.apply(message)
        self.tell(events)

    def tell(self, events: Sequence[Event]) -> None:
        """Numbers events and gives them to every client that wants them."""
        if not events:
            return
        self._snapshots.clear()
        for event in events:
            self._number += 1
            event.number = self._number
            EVENTS.labels(event.kind).inc()
        joined: dict[Wanted, bytes] = {}
        for client in self._clients:
            if not client.reads:
                for event in events:
                    client.queue(event)
                continue
            frames = joined.get(client.wanted)
            if frames is None:
                frames = joined[client.wanted] = _joined(client.wanted, events)
            if frames:
                client.write(frames)

    def enter(self, person: Person, wire: Wire) -> Client | None:
        """A new client whose first message is the snapshot; None when there are too many."""
        if self.full():
            return None
        client = Client(person, wire)
        self._clients.add(client)
        CLIENTS.inc()
        client.restart(self._snapshot(client.wanted))
        return client

    def leave(self, client: Client) -> None:
        """The client is gone."""
        self._clients.discard(client)
        CLIENTS.dec()

    def subscribe(self, client: Client, subscription: Subscription) -> None:
        """Changes what a client gets, beginning with a new snapshot."""
        client.subscribe(subscription)
        client.restart(self._snapshot(client.wanted))

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

    def _snapshot(self, wanted: Wanted) -> bytes:
        """The part of the picture that is wanted, as a frame; `n` is the number of the newest event in it."""
        made = self._snapshots.get(wanted)
        if made is not None:
            return made
        whole = self.picture.snapshot(wanted.stations)
        kinds = {"stations": "station", "parts": "part", "inspections": "inspection", "alarms": "alarm"}
        kinds |= {"devices": "device", "services": "service", "queues": "queue"}
        data = {
            name: [one for one in whole[name] if wanted.includes(kind, _station_of(kind, one))]
            for name, kind in kinds.items()
        }
        data["tags"] = [wanted.chosen_tags(scan) for scan in whole["tags"]] if wanted.includes("tags", None) else []
        made = text_frame({"type": "snapshot", "n": self._number, "data": {**data, "links": whole["links"]}})
        if len(self._snapshots) < SNAPSHOTS_KEPT:
            self._snapshots[wanted] = made
        return made

    def _show(self, image: LiveFrame) -> None:
        place = f"{image.station}/{image.camera}"
        frame = b""
        for client in self._clients:
            if place not in client.live:
                continue
            frame = frame or framed(BINARY, _packed(image))
            if client.reads:
                client.write(frame)
            else:
                client.queue_image(place, frame)


def _joined(wanted: Wanted, events: Sequence[Event]) -> bytes:
    return b"".join(chosen.frame() for event in events if (chosen := wanted.chosen(event)))


def _station_of(kind: str, data: dict[str, object]) -> str | None:
    station = data.get("name" if kind == "station" else "station")
    return station if isinstance(station, str) else None


def _packed(image: LiveFrame) -> bytes:
    """Four bytes of length (big endian), that much JSON, then the JPEG."""
    head = image.model_dump(mode="json", include={"station", "camera", "at", "width", "height"})
    text = json.dumps({"type": "live", **head}).encode()
    return struct.pack(">I", len(text)) + text + image.image
