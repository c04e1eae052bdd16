"""When parts arrive and leave: pure, driven by the milliseconds that the belt has run."""

from dataclasses import dataclass, field

MOST_RIDING = 15
"""Parts between camera and gate: the controller's rings hold 16, and a slot must not be taken while its part rides."""


def check_room(takt_ms: float, dwell_ms: float) -> None:
    """Raises ValueError when more parts would ride than the controller's rings can tell apart."""
    if not (takt_ms > 0 and dwell_ms > 0):
        raise ValueError(f"takt_ms = {takt_ms}, dwell_ms = {dwell_ms}: must be above 0")
    if dwell_ms > MOST_RIDING * takt_ms:
        raise ValueError(
            f"takt_ms = {takt_ms:g}, dwell_ms = {dwell_ms:g}: more than {MOST_RIDING} parts would be between camera "
            f"and gate, and the controller's rings hold 16; dwell_ms may be at most {MOST_RIDING} x takt_ms"
        )


@dataclass(slots=True)
class Belt:
    """Parts between camera and gate.

    `takt_ms` between arrivals, `dwell_ms` from camera to gate. `step` moves the belt; a stopped belt is not stepped,
    so nothing arrives or leaves.
    """

    takt_ms: float
    dwell_ms: float
    sequence: int = 0
    since_arrival_ms: float = 0.0
    riding: list[tuple[int, float]] = field(default_factory=list)

    def step(self, elapsed_ms: float) -> tuple[list[int], list[int]]:
        """Moves by `elapsed_ms`; returns the sequences that arrived and those that left, each in order."""
        self.riding = [(sequence, age + elapsed_ms) for sequence, age in self.riding]
        left = [sequence for sequence, age in self.riding if age >= self.dwell_ms]
        self.riding = [(sequence, age) for sequence, age in self.riding if age < self.dwell_ms]
        self.since_arrival_ms += elapsed_ms
        arrived = []
        if self.since_arrival_ms >= self.takt_ms:
            self.since_arrival_ms = min(self.since_arrival_ms - self.takt_ms, self.takt_ms)
            self.sequence = self.sequence % (2**31 - 1) + 1
            self.riding.append((self.sequence, 0.0))
            arrived.append(self.sequence)
        return arrived, left
