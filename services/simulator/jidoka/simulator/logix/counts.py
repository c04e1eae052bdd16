"""How often each CIP service was asked, requests inside a Multiple Service Packet included."""

from __future__ import annotations

import threading
from collections import Counter


class RequestCounts:
    """Counts by service code; safe to read while the server runs."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[int] = Counter()

    def add(self, service: int) -> None:
        """Count one request."""
        with self._lock:
            self._counts[service] += 1

    def __getitem__(self, service: int) -> int:
        with self._lock:
            return self._counts[service]

    def snapshot(self) -> dict[int, int]:
        """All counts now, by service code."""
        with self._lock:
            return dict(self._counts)
