"""The line as it is now, in memory: each message changes it and becomes events."""

from collections import OrderedDict, deque
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from jidoka.api.live import shapes
from jidoka.api.live.counts import DayCounts
from jidoka.api.live.events import Event
from jidoka.schemas import (
    AlarmState,
    AlarmStatus,
    Decision,
    DeviceStatus,
    Inspection,
    Message,
    PartArrived,
    Role,
    ServiceStatus,
    TagBatch,
)

Json = dict[str, Any]
PARTS_KEPT, SHOWN, SHOWN_OF_STATION = 1000, 50, 20
INSPECTIONS_KEPT = 500


class Picture:
    """The newest parts of each station, inspections, tags, open alarms, devices, services.

    A snapshot and the events after it come from the same place in the same thread: no gap, no double.
    """

    def __init__(self, stations: tuple[str, ...]) -> None:
        self.parts: dict[str, Json] = {}
        self._parts_of: dict[str, deque[str]] = {}
        self.inspections: OrderedDict[str, Json] = OrderedDict()
        self.tags: dict[tuple[str, ...], Event] = {}
        self.alarms: dict[str, Json] = {}
        self.devices: dict[tuple[str, str], Json] = {}
        self.services: dict[tuple[str, str], Json] = {}
        self.queues: dict[tuple[str, str], Json] = {}
        self.links: Json = {"broker": False, "database": False}
        self.counts = DayCounts(stations)

    def apply(self, message: Message) -> list[Event]:
        """What the message changes; a message that says nothing new makes no event."""
        events: list[Event] = []
        match message:
            case PartArrived():
                events = self.part(shapes.arrived(message))
            case Decision():
                events = self._decision(message)
            case Inspection():
                events = self.inspection(shapes.inspection(message))
            case TagBatch():
                events = [self._scan(shapes.scan(message))]
            case AlarmState():
                events = self.alarm(shapes.alarm(message))
            case DeviceStatus():
                events = _changed("device", self.devices, (message.kind, message.name), shapes.device(message))
            case ServiceStatus():
                key = (message.service, message.instance)
                events = _changed("service", self.services, key, shapes.service(message))
        return events

    def part(self, part: Json) -> list[Event]:
        """A part as somebody knows it; what is known already stays."""
        known = self.parts.get(part["id"], {})
        merged = {**part, **{name: value for name, value in known.items() if value is not None}}
        if part["disposition"] != known.get("disposition") and part.get("stored"):
            merged["disposition"] = part["disposition"]
        merged.pop("stored", None)
        if merged == known:
            return []
        self.parts[part["id"]] = merged
        if not known:
            self._keep_newest(merged)
        events = [Event("part", merged, merged["station"])]
        return [*events, self._station(merged["station"])] if self.counts.note(merged) else events

    def inspection(self, inspection: Json) -> list[Event]:
        """An inspection; each once."""
        if inspection["id"] in self.inspections:
            return []
        self.inspections[inspection["id"]] = inspection
        while len(self.inspections) > INSPECTIONS_KEPT:
            self.inspections.popitem(last=False)
        if inspection["role"] != Role.LIVE.value:
            return []
        return [Event("inspection", inspection, inspection["station"])]

    def alarm(self, alarm: Json) -> list[Event]:
        """An alarm's newest state; one that is over and acknowledged is told and forgotten."""
        if self.alarms.get(alarm["id"]) == alarm:
            return []
        if alarm["status"] != AlarmStatus.CLOSED.value:
            self.alarms[alarm["id"]] = alarm
        elif self.alarms.pop(alarm["id"], None) is None:
            return []
        return [Event("alarm", alarm, alarm["station"])]

    def recount(self, counted: dict[str, dict[str, int]], since: datetime, until: datetime) -> list[Event]:
        """Takes over the database's counts of the parts that arrived between the two times."""
        before = {name: self.counts.of(name) for name in self.counts.stations}
        self.counts.base(counted, since, until, list(self.parts.values()))
        return [self._station(name) for name, counts in before.items() if counts != self.counts.of(name)]

    def queued(self, waiting: dict[str, int]) -> list[Event]:
        """How many records of each publisher wait for the database."""
        events: list[Event] = []
        for source, count in waiting.items():
            events += _changed("queue", self.queues, ("source", source), {"source": source, "waiting": count})
        return events

    def link(self, name: str, up: bool) -> list[Event]:
        """Whether broker or database answer."""
        if self.links[name] == up:
            return []
        self.links = {**self.links, name: up}
        return [Event("links", self.links, key=("links",))]

    def snapshot(self, stations: frozenset[str] | None = None) -> Json:
        """All of it, newest first; only of these stations, if given: of each its last verdicts in any case."""
        parts = [one for one in self.parts.values() if stations is None or one["station"] in stations]
        inspections = [
            one
            for one in self.inspections.values()
            if one["role"] == Role.LIVE.value and (stations is None or one["station"] in stations)
        ]
        return {
            "stations": [self._station(name).data for name in self.counts.stations],
            "parts": _newest(parts),
            "inspections": _newest(inspections),
            "tags": [event.data for event in self.tags.values()],
            "alarms": sorted(self.alarms.values(), key=lambda alarm: str(alarm["created_at"]), reverse=True),
            "devices": list(self.devices.values()),
            "services": list(self.services.values()),
            "queues": list(self.queues.values()),
            "links": self.links,
        }

    def _keep_newest(self, part: Json) -> None:
        """A station that makes many parts pushes out its own, never those of a slow one."""
        kept = self._parts_of.setdefault(part["station"], deque())
        kept.append(part["id"])
        if len(kept) > PARTS_KEPT:
            self.parts.pop(kept.popleft(), None)

    def _decision(self, message: Decision) -> list[Event]:
        known = self.parts.get(str(message.part_id))
        if known and known["decided_at"]:
            return []
        said = Event("decision", shapes.decision(message), message.station)
        return [said, *self.part(shapes.decided(message))]

    def _station(self, name: str) -> Event:
        return Event("station", {"name": name, "counts": self.counts.of(name)}, name, ("station", name))

    def _scan(self, scan: Json) -> Event:
        key = ("tags", scan["plc"], scan["group"])
        event = Event("tags", scan, key=key)
        known = self.tags.get(key)
        self.tags[key] = known.merged(event) if known else event
        return event


def _changed(kind: str, known: dict[tuple[str, str], Json], key: tuple[str, str], data: Json) -> list[Event]:
    if known.get(key) == data:
        return []
    known[key] = data
    return [Event(kind, data, data.get("station"), (kind, *key))]


def _newest(known: Iterable[Json]) -> list[Json]:
    """The newest `SHOWN`, and of each station the newest `SHOWN_OF_STATION`, newest first."""
    ordered = sorted(known, key=lambda one: str(one.get("created_at") or one["captured_at"]), reverse=True)
    seen: dict[str, int] = {}
    shown = []
    for place, one in enumerate(ordered):
        seen[one["station"]] = seen.get(one["station"], 0) + 1
        if place < SHOWN or seen[one["station"]] <= SHOWN_OF_STATION:
            shown.append(one)
    return shown
