"""Parts by result since midnight: the database's count of the older ones, and the newest from memory."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

Json = dict[str, Any]
RESULTS = ("pass", "fail", "held")
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


class DayCounts:
    """By station. Parts that arrived before `until` are the database's, later ones are counted here."""

    def __init__(self, stations: tuple[str, ...]) -> None:
        self.stations = stations
        self._stored: dict[str, dict[str, int]] = {}
        self._recent: dict[str, dict[str, int]] = {}
        self._noted: set[str] = set()
        self._until = _EPOCH

    def note(self, part: Json) -> bool:
        """Counts a part once it is decided; returns whether that changed a count."""
        if not part["result"] or part["id"] in self._noted or datetime.fromisoformat(part["created_at"]) < self._until:
            return False
        self._noted.add(part["id"])
        counts = self._recent.setdefault(part["station"], {})
        counts[part["result"]] = counts.get(part["result"], 0) + 1
        return True

    def base(self, counted: dict[str, dict[str, int]], since: datetime, until: datetime, parts: Iterable[Json]) -> None:
        """Takes over the database's count of the parts that arrived between `since` and `until`."""
        self._stored, self._until = counted, max(until, since)
        self._recent, self._noted = {}, set()
        for part in parts:
            self.note(part)

    def of(self, station: str) -> dict[str, int]:
        """Counts by result, all of them."""
        stored, recent = self._stored.get(station, {}), self._recent.get(station, {})
        return {result: stored.get(result, 0) + recent.get(result, 0) for result in RESULTS}
