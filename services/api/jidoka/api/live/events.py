"""One event for the clients of the WebSocket."""

import json
from dataclasses import dataclass, field
from typing import Any

from jidoka.api.protocol import TEXT, framed

KINDS = ("part", "inspection", "decision", "station", "tags", "alarm", "device", "service", "queue", "links")
TAG_FIELDS = ("values", "bad", "uncertain")


@dataclass(slots=True)
class Event:
    """`key` is set when a newer event of the same key makes this one needless; `number` is the hub's."""

    kind: str
    data: dict[str, Any]
    station: str | None = None
    key: tuple[str, ...] | None = None
    number: int = 0
    _frame: bytes | None = field(default=None, repr=False)

    def frame(self) -> bytes:
        """The event as a WebSocket frame, made once for all clients."""
        if self._frame is None:
            self._frame = text_frame({"type": self.kind, "n": self.number, "data": self.data})
        return self._frame

    def merged(self, newer: "Event") -> "Event":
        """Both in one: what only the older one has stays."""
        if self.kind != "tags":
            return newer
        data = dict(newer.data)
        read = newer.data["values"].keys() | newer.data["bad"].keys()
        for name in TAG_FIELDS:
            kept = {tag: said for tag, said in self.data[name].items() if tag not in read}
            data[name] = kept | newer.data[name]
        return Event("tags", data, newer.station, newer.key, newer.number)


def text_frame(body: dict[str, Any]) -> bytes:
    """JSON in a text frame."""
    return framed(TEXT, json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode())
