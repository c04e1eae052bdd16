"""The gateway as a whole: two threads for each PLC, and the desk where verdicts come in."""

from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue
from threading import Event
from types import TracebackType
from typing import Self

from jidoka.plc_gateway import belt
from jidoka.plc_gateway.conditions import Conditions
from jidoka.plc_gateway.decisions import Registrar, States
from jidoka.plc_gateway.desk import Desk
from jidoka.plc_gateway.health import Health
from jidoka.plc_gateway.intake import Intake
from jidoka.plc_gateway.lane import LANE as PARTS
from jidoka.plc_gateway.lane import Lane
from jidoka.plc_gateway.ledger import Books, Ledger
from jidoka.plc_gateway.line import Line, Plc
from jidoka.plc_gateway.scanner import LANE as SCAN
from jidoka.plc_gateway.scanner import Scanner
from jidoka.plc_gateway.verdicts import void
from jidoka.plc_gateway.watch import Watch
from jidoka.runtime.channel import Channel
from jidoka.runtime.errors import ConfigError
from jidoka.runtime.outbox import Journal

_OWN_CODES = {
    "plc-connection-lost",
    "plc-heartbeat-lost",
    "parts-missed",
    "line-stop",
    "challenge-not-rejected",
    belt.CODE,
}


class Gateway:
    """Starts on entering, stops on leaving. A slow or dead PLC holds up only its own threads."""

    def __init__(self, line: Line, config_sha256: str, bus: Channel, journal: Journal, source: str) -> None:
        self._line, self._bus, self._source = line, bus, source
        books = Books(bus, journal, Ledger(journal))
        self._conditions = Conditions(books, source)
        stations = {station.name: station for station in line.stations}
        self.desk = Desk(books, stations, {station.plc: SimpleQueue() for station in line.stations})
        self._registrar = Registrar(books, stations, self._conditions, config_sha256)
        self._stop = Event()
        self._health: dict[str, Health] = {}
        self._threads: list[Future[None]] = []
        self._pool = ThreadPoolExecutor(max_workers=2 * len(line.plcs))

    def __enter__(self) -> Self:
        """Carry on where the last run stopped, then start the threads."""
        self._conditions.keep_only(_OWN_CODES | {rule.code for rule in self._line.rules})
        for orphan in self.desk.recover():
            self._registrar.close(orphan, void(orphan, "its PLC is no longer configured"), States())
        for plc in self._line.plcs:
            self._start(plc)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stop.set()
        self._pool.shutdown()

    def alive(self) -> bool:
        """Whether every thread runs."""
        return not any(thread.done() for thread in self._threads)

    def trouble(self) -> str | None:
        """Which PLCs do not answer, or None."""
        faults = [f"{name}: {fault}" for name, health in self._health.items() if (fault := health.fault())]
        return "; ".join(faults) or None

    def verify(self) -> None:
        """Raise here what ended a thread: a ConfigError that names the file, or a bug."""
        for thread in self._threads:
            if thread.done():
                try:
                    thread.result()
                except ConfigError as error:
                    raise ConfigError(f"{self._line.path}: {error}") from error

    def _start(self, plc: Plc) -> None:
        stations = self._line.stations_of(plc.name)
        lanes = ((SCAN,) if plc.group else ()) + ((PARTS,) if stations else ())
        health = Health(plc.name, lanes, self._bus, self._conditions, source=self._source)
        self._health[plc.name] = health
        if plc.group:
            watch = Watch(plc.name, self._line.rules_of(plc), self._conditions)
            self._threads.append(self._pool.submit(Scanner(plc, self._bus, health, watch, self._stop).run))
        if stations:
            lane = Lane(
                plc,
                [Intake(station, self.desk, self._conditions) for station in stations],
                self.desk,
                self._registrar,
                conditions=self._conditions,
                health=health,
                stop=self._stop,
            )
            self._threads.append(self._pool.submit(lane.run))
