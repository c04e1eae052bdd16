"""When a part arrived, how long its camera took, and when its verdict was in the controller's memory."""

import re
import time

_VERDICT = re.compile(r"^(\w+)\.Verdicts\[\d+\]\.Sequence$")


class Stopwatch:
    """Times in seconds of a monotonic clock; milliseconds out. The wall clock is for joining with other accounts."""

    def __init__(self) -> None:
        self._arrived: dict[tuple[str, int], float] = {}
        self._arrived_at: dict[tuple[str, int], float] = {}
        self._camera_ms: dict[tuple[str, int], float] = {}
        self._verdict_ms: dict[tuple[str, int], float] = {}

    def arrived(self, station: str, sequence: int, now: float) -> None:
        """A part came under the camera."""
        self._arrived[station, sequence] = now
        self._arrived_at[station, sequence] = time.time()

    def shot(self, station: str, sequence: int, took: float) -> None:
        """A camera gave its image after `took` seconds; of several the slowest counts."""
        part = station, sequence
        if part in self._arrived:
            self._camera_ms[part] = max(self._camera_ms.get(part, 0.0), took * 1000)

    def written(self, path: str, value: object, now: float) -> None:
        """A client wrote a tag; counts when it is a verdict's sequence."""
        found = _VERDICT.match(path)
        if found and isinstance(value, int) and (found[1], value) in self._arrived:
            self._verdict_ms.setdefault((found[1], value), (now - self._arrived[found[1], value]) * 1000)

    def taken(self, station: str, sequence: int) -> dict[str, float | None]:
        """The times of a part that leaves, None for what did not happen; it is forgotten then.

        `arrived_at` is Unix time in seconds, `camera_ms` the camera's own time, `verdict_ms` from arrival to verdict.
        """
        part = station, sequence
        self._arrived.pop(part, None)
        kept = {"arrived_at": self._arrived_at, "camera_ms": self._camera_ms, "verdict_ms": self._verdict_ms}
        found = {name: times.pop(part, None) for name, times in kept.items()}
        return {name: None if value is None else round(value, 6) for name, value in found.items()}
