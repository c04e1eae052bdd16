"""The controller's program: one scan moves every belt, keeps the process values and the heartbeats."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from jidoka.simulator.logix import Memory
from jidoka.simulator.metrics import PARTS
from jidoka.simulator.process import Process
from jidoka.simulator.retentive import Ledger, Retentive
from jidoka.simulator.station import RULING, Station
from jidoka.simulator.stopwatch import Stopwatch

HEARTBEAT_MS = 500
GATEWAY_LOST_MS = 3000
RUNNING, STOPPED = 2, 3
_SLOW_MS = 100
_SNAPSHOT_AFTER = 5000


@dataclass(slots=True)
class Watch:
    """Counts milliseconds until an interval has passed."""

    interval_ms: float
    since_ms: float = 0.0

    def due(self, elapsed_ms: float) -> bool:
        """Whether the interval ended in this step."""
        self.since_ms += elapsed_ms
        if self.since_ms < self.interval_ms:
            return False
        self.since_ms = 0.0
        return True


@dataclass(slots=True)
class Program:
    """Runs the stations. Everything that a real controller would keep through a power cut is in `retentive`."""

    memory: Memory
    stations: list[Station]
    process: Process
    retentive: Retentive
    ledgers: dict[str, Ledger]
    clock: Callable[[], float] = time.monotonic
    gateway_beat: int = 0
    gateway_silent_ms: float = 0.0
    beat: Watch = field(default_factory=lambda: Watch(HEARTBEAT_MS))
    slow: Watch = field(default_factory=lambda: Watch(_SLOW_MS))
    stopwatch: Stopwatch = field(default_factory=Stopwatch)

    def restore(self) -> None:
        """Puts back what the last run kept, and keeps it as one snapshot."""
        for change in self.retentive.load():
            self._apply(change)
        for station in self.stations:
            self.ledgers[station.name].drop({sequence for sequence, _ in station.belt.riding})
        self.keep()

    def keep(self) -> None:
        """Keeps all of the retentive memory."""
        with self.memory.atomic():
            tags = {station.name: self.memory.get(station.name) for station in self.stations}
            self.retentive.snapshot({"tags": tags, "belts": self._belts()})

    def written(self, path: str, value: Any) -> None:
        """Keeps what a client wrote."""
        self.stopwatch.written(path, value, self.clock())
        if not path.startswith("Heartbeat"):
            self.retentive.note({"tags": {path: value}})

    def scan(self, elapsed_ms: float) -> None:
        """One pass of the program."""
        self._heartbeats(elapsed_ms)
        halted = bool(self.memory.get("Line.EStop"))
        for station in self.stations:
            if not halted and not station.stopped():
                self._move(station, elapsed_ms)
        if self.slow.due(elapsed_ms):
            self._slow_work(halted)
        if self.retentive.changes > _SNAPSHOT_AFTER:
            self.keep()

    def _move(self, station: Station, elapsed_ms: float) -> None:
        arrived, left = station.belt.step(elapsed_ms)
        if not arrived and not left:
            return
        with self.memory.atomic():  # no client sees a part that a power cut could take back
            for sequence in left:
                self._leave(station, sequence)
            changed: dict[str, Any] = {}
            for sequence in arrived:
                changed |= station.arrive(sequence)
                self.stopwatch.arrived(station.name, sequence, self.clock())
                self._count_part()
            changed[f"{station.name}.Account"] = self.memory.get(f"{station.name}.Account")
            self.retentive.note({"tags": changed, "belts": self._belts()})

    def _leave(self, station: Station, sequence: int) -> None:
        part, code = station.leave(sequence)
        PARTS.labels(station.name, RULING[code]).inc()
        line = {"sequence": sequence, "serial": part.serial, "sku": part.sku, "batch": part.batch}
        line |= {"ruling": RULING[code], "defects": list(part.defects)}
        self.ledgers[station.name].add(line | self.stopwatch.taken(station.name, sequence))

    def _count_part(self) -> None:
        self.memory.set("Line.TotalParts", self.memory.get("Line.TotalParts") + 1)

    def _heartbeats(self, elapsed_ms: float) -> None:
        beat = self.memory.get("Heartbeat.Gateway")
        self.gateway_silent_ms = 0.0 if beat != self.gateway_beat else self.gateway_silent_ms + elapsed_ms
        self.gateway_beat = beat
        self.memory.set("Line.Faulted", self.gateway_silent_ms >= GATEWAY_LOST_MS)
        if self.beat.due(elapsed_ms):
            self.memory.set("Heartbeat.Plc", (self.memory.get("Heartbeat.Plc") + 1) % 2**31)

    def _slow_work(self, halted: bool) -> None:
        stopped = halted or any(station.stopped() for station in self.stations)
        with self.memory.atomic():
            for name, value in self.process.step().items():
                self.memory.set(f"Process.{name}", value)
            self.memory.set("Line.Running", not stopped)
            self.memory.set("Line.State", STOPPED if stopped else RUNNING)
            self.memory.set("Line.Speed", 0.0 if stopped else 60_000.0 / self.stations[0].belt.takt_ms)
            self.memory.set("Program:MainProgram.CycleActive", not stopped)
            self.memory.set("Program:MainProgram.Step", self.stations[0].belt.sequence % 8)
        for station in self.stations:
            station.age()

    def _belts(self) -> dict[str, Any]:
        return {station.name: [station.belt.sequence, station.belt.riding] for station in self.stations}

    def _apply(self, change: dict[str, Any]) -> None:
        for path, value in change["tags"].items():
            self.memory.set(path, value)
        for station in self.stations:
            if station.name in change.get("belts", {}):
                station.belt.sequence, riding = change["belts"][station.name]
                station.belt.riding = [(sequence, age) for sequence, age in riding]
