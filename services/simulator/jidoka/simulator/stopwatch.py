"""How long after a part's arrival its verdict was in the controller's memory."""

import re

_VERDICT = re.compile(r"^(\w+)\.Verdicts\[\d+\]\.Sequence$")


class Stopwatch:
    """Times in seconds of a monotonic clock; milliseconds out."""

    def __init__(self) -> None:
        self._arrived: dict[tuple[str, int], float] = {}
        self._verdict_ms: dict[tuple[str, int], float] = {}

    def arrived(self, station: str, sequence: int, now: float) -> None:
        """A part came under the camera."""
        self._arrived[station, sequence] = now

    def written(self, path: str, value: object, now: float) -> None:
        """A client wrote a tag; counts when it is a verdict's sequence."""
        found = _VERDICT.match(path)
        if found and isinstance(value, int) and (found[1], value) in self._arrived:
            self._verdict_ms.setdefault((found[1], value), (now - self._arrived[found[1], value]) * 1000)

    def taken(self, station: str, sequence: int) -> float | None:
        """Milliseconds from arrival to verdict of a part that leaves, None without one; it is forgotten then."""
        self._arrived.pop((station, sequence), None)
        took = self._verdict_ms.pop((station, sequence), None)
        return None if took is None else round(took, 3)
