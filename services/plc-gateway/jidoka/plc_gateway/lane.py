"""The parts thread of one PLC: counters in, verdicts and heartbeat out, over a connection of its own."""

import time
from collections.abc import Mapping, Sequence
from queue import Empty, SimpleQueue
from threading import Event

from jidoka.plc_gateway import belt, contract, verdicts
from jidoka.plc_gateway.backoff import Backoff, Endurance
from jidoka.plc_gateway.conditions import Alarm, Conditions
from jidoka.plc_gateway.decisions import Registrar, States
from jidoka.plc_gateway.desk import Desk, Order
from jidoka.plc_gateway.health import Health
from jidoka.plc_gateway.intake import Intake
from jidoka.plc_gateway.line import Plc
from jidoka.plc_gateway.link import Address, LinkError, WrongAddress
from jidoka.plc_gateway.plc import Writer
from jidoka.runtime.errors import ConfigError
from jidoka.runtime.logs import log
from jidoka.schemas import Severity

LANE = "parts"
_BEAT = 0.5
_SILENCE = 3.0
_PAUSE = 0.5
_COUNT_BELT = 1.0


class Lane:
    """Runs until `stop` is set. What the controller lacks of the contract on the first connection is a ConfigError."""

    def __init__(
        self,
        plc: Plc,
        intakes: Sequence[Intake],
        desk: Desk,
        registrar: Registrar,
        *,
        conditions: Conditions,
        health: Health,
        stop: Event,
    ) -> None:
        self._plc, self._address, self._desk, self._registrar = plc, Address.of(plc), desk, registrar
        self._intakes = {intake.station.name: intake for intake in intakes}
        self._tags = {intake.station.name: intake.tags for intake in intakes}
        self._conditions, self._health, self._stop = conditions, health, stop
        self._inbox: SimpleQueue[Order] = desk.orders[plc.name]
        self._open: list[tuple[Order, verdicts.Outcome | None]] = []
        self._states = dict.fromkeys(self._intakes, States())
        self._stops = {name for name in self._intakes if registrar.must_stop(name)}
        self._backoff = Backoff()
        self._endurance = Endurance(stop, f"journal for {plc.name}")
        self._proven = self._known = False
        self._beat = 0
        self._plc_beat: tuple[object, float] = (None, time.monotonic())

    def run(self) -> None:
        """The thread's work. Raises ConfigError."""
        allowed = contract.allow_list(list(self._tags.values()), self._plc.heartbeat)
        while not self._stop.is_set():
            try:
                with Writer(self._address, allowed) as link:
                    self._backoff.connected()
                    self._verify(link)
                    self._health.up(LANE)
                    self._serve(link)
            except LinkError as error:
                if isinstance(error, WrongAddress) and not self._proven:
                    raise ConfigError(self._plc.mistake(error.key, error)) from error
                self._health.down(LANE, str(error))
                self._wait_offline(self._backoff.delay())

    def _verify(self, link: Writer) -> None:
        for text in contract.violations(link.catalogue, list(self._tags.values()), self._plc.heartbeat):
            if not self._proven:
                raise ConfigError(f"plc {self._plc.name}: the PLC contract (docs/plc-contract.md) is not met: {text}")
            raise LinkError(text)
        self._proven = True

    def _serve(self, link: Writer) -> None:
        poll_at = beat_at = count_at = time.monotonic()
        self._plc_beat, self._known = (None, poll_at), False
        while not self._stop.is_set():
            now = time.monotonic()
            if now >= beat_at:
                self._send_beat(link)
                beat_at = now + _BEAT
            with self._endurance.round():
                self._health.tick()
                # What waits goes first, but not before the counters tell whether they began anew while we were away.
                if self._known:
                    self._settle(link)
                if now >= poll_at:
                    self._poll(link)
                    self._known = True
                if now >= count_at:
                    self._count_belt(link)
                    count_at = now + _COUNT_BELT
            if now >= poll_at:
                poll_at = max(poll_at + self._plc.part_poll_ms / 1000, now)
            due = self._desk.next_due(self._plc.name)
            self._await_order(min(poll_at, beat_at, due if due is not None else beat_at) - time.monotonic())

    def _send_beat(self, link: Writer) -> None:
        self._beat = self._beat % (2**31 - 1) + 1
        link.write([(contract.heartbeat_write(self._plc.heartbeat), self._beat)])

    def _poll(self, link: Writer) -> None:
        asks = [path for tags in self._tags.values() for path in tags.polled]
        readings = link.read([*asks, contract.heartbeat_read(self._plc.heartbeat)])
        for path, reading in zip([*asks, self._plc.heartbeat], readings, strict=True):
            if reading.bad is not None:
                raise LinkError(f"{path}: {reading.bad}")
        values = [reading.value for reading in readings]
        for index, name in enumerate(self._intakes):
            counter, bypass, changeover, line_stop = values[index * 4 : index * 4 + 4]
            self._note(name, States(bool(bypass), bool(changeover), bool(line_stop)))
            if isinstance(counter, int):
                self._intakes[name].take(link, counter)
        self._listen(values[-1])

    def _count_belt(self, link: Writer) -> None:
        readings = link.read([tags.account for tags in self._tags.values()])
        for station, reading in zip(self._tags, readings, strict=True):
            if isinstance(reading.value, Mapping):
                belt.judge(station, reading.value, self._conditions)

    def _note(self, station: str, states: States) -> None:
        before, self._states[station] = self._states[station], states
        if not states.line_stop:
            self._registrar.released(station)
        if (before.bypass, before.changeover) != (states.bypass, states.changeover):
            log.info("station_state", station=station, bypass=states.bypass, changeover=states.changeover)

    def _listen(self, beat: object) -> None:
        """The controller's program counts its heartbeat; one that stands still does not act on verdicts."""
        now = time.monotonic()
        if beat != self._plc_beat[0]:
            self._plc_beat = (beat, now)
        silent = now - self._plc_beat[1] > _SILENCE
        text = f"the program of PLC {self._plc.name} does not count its heartbeat"
        self._conditions.report(silent, Alarm("plc-heartbeat-lost", self._plc.name, Severity.HIGH, text))

    def _settle(self, link: Writer | None) -> None:
        """Hold what is overdue, carry out every order, and record what is done."""
        self._desk.expire(self._plc.name)
        self._take_orders()
        for index, (order, outcome) in enumerate(self._open):
            self._open[index] = (order, outcome or self._try(link, order))
        while done := next((entry for entry in self._open if entry[1] is not None), None):
            order, outcome = done
            station = order.visit.station
            assert outcome is not None
            if self._registrar.close(order, outcome, self._states.get(station, States())):
                self._stops.add(station)
            self._open.remove(done)
        if link is not None:
            for station in list(self._stops):
                self._stop_line(link, station)

    def _try(self, link: Writer | None, order: Order) -> verdicts.Outcome | None:
        station = order.visit.station
        if station not in self._intakes:
            return verdicts.void(order, "the station is no longer configured")
        outcome = None
        if link is not None:
            outcome = verdicts.carry_out(link, order, self._intakes[station])
        return outcome or verdicts.given_up(order, time.monotonic())

    def _stop_line(self, link: Writer, station: str) -> None:
        if link.write([(self._tags[station].line_stop, True)]) == [None]:
            self._registrar.stopped(station)
            self._stops.discard(station)

    def _take_orders(self) -> None:
        while True:
            try:
                self._open.append((self._inbox.get_nowait(), None))
            except Empty:
                return

    def _await_order(self, seconds: float) -> None:
        if seconds <= 0:
            return
        try:
            self._open.append((self._inbox.get(timeout=seconds), None))
        except Empty:
            return

    def _wait_offline(self, seconds: float) -> None:
        """Deadlines run on and hopeless orders are given up while the controller is away."""
        end = time.monotonic() + seconds
        while True:
            with self._endurance.round():
                self._health.tick()
                self._settle(None)
            left = end - time.monotonic()
            if left <= 0 or self._stop.wait(min(left, _PAUSE)):
                return
