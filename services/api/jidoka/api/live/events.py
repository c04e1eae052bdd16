"""One event for the clients of the WebSocket."""

import json
from dataclasses import dataclass, field
from typing import Any

KINDS = ("part", "inspection", "decision", "station", "tags", "alarm", "device", "service", "links")


@dataclass(slots=True)
class Event:
    """`key` is set when a newer event of the same key makes this one needless; `number` is the hub's."""

    kind: str
    data: dict[str, Any]
    station: str | None = None
    key: tuple[str, ...] | None = None
    number: int = 0
    _text: str | None = field(default=None, repr=False)

    def text(self) -> str:
        """The event as JSON, made once for all clients."""
        if self._text is None:
            body = {"type": self.kind, "n": self.number, "data": self.data}
            self._text = json.dumps(body, separators=(",", ":"), ensure_ascii=False)
        return self._text

    def merged(self, newer: "Event") -> "Event":
        """Both in one: what only the older one has stays."""
        if self.kind != "tags":
            return newer
        data = dict(newer.data)
        data["values"] = {name: value for name, value in self.data["values"].items() if name not in newer.data["bad"]}
        data["values"] |= newer.data["values"]
        data["bad"] = {name: why for name, why in self.data["bad"].items() if name not in newer.data["values"]}
        data["bad"] |= newer.data["bad"]
        return Event("tags", data, newer.station, newer.key, newer.number)
