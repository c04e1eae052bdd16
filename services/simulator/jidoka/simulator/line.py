"""The simulated line as its controls see it."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from jidoka.simulator.belt import check_room
from jidoka.simulator.camera import Camera, NoPicture
from jidoka.simulator.logix import Controller
from jidoka.simulator.logix.codec import Value
from jidoka.simulator.parts import picture
from jidoka.simulator.program import Program
from jidoka.simulator.retentive import Ledger
from jidoka.simulator.station import Station


class Line:
    """Controller, program and cameras of one line."""

    def __init__(self, plc: Controller, program: Program) -> None:
        self._plc, self._program = plc, program
        self._stations: Mapping[str, Station] = {station.name: station for station in program.stations}
        self._cameras = {station.name: Camera(station.name, plc.memory, station.recipe) for station in program.stations}

    def camera(self, station: str) -> Camera:
        """The camera system of a station. Raises NoPicture for a station that the line does not have."""
        if station not in self._cameras:
            raise NoPicture(f"the line has no station {station}")
        return self._cameras[station]

    def shoot(self, station: str, camera: str, sequence: int | None) -> tuple[int, bytes]:
        """Sequence and JPEG of that part, or of the newest one. Raises NoPicture."""
        return self.camera(station).shoot(camera, sequence)

    def shot(self, station: str, sequence: int, took: float) -> None:
        """The camera has given the image of a part, `took` seconds after it was asked for it."""
        self._program.stopwatch.shot(station, sequence, took)

    def ledger(self, station: str) -> Ledger:
        """Every part that left the station."""
        return self._program.ledgers[station]

    def account(self) -> dict[str, dict[str, int]]:
        """Each station's own account, its counter and the parts between camera and gate."""
        with self._plc.memory.atomic():
            return {name: self._station_account(station) for name, station in self._stations.items()}

    def boxes(self, station: str, sequence: int) -> list[dict[str, Any]]:
        """The truth about one part: kind and box (x1, y1, x2, y2 in pixels) of each defect."""
        board = picture(self._stations[station].recipe.part(sequence))
        return [{"kind": truth.kind, "box": [float(edge) for edge in truth.box]} for truth in board.truth]

    def emergency_stop(self, active: bool) -> None:
        """Presses or releases the emergency stop."""
        self._plc.memory.set("Line.EStop", active)

    def set_rate(self, takt_ms: float, dwell_ms: float | None) -> None:
        """Changes the time between parts and, when given, from camera to gate. Raises ValueError."""
        belts = [station.belt for station in self._stations.values()]
        for belt in belts:
            check_room(takt_ms, belt.dwell_ms if dwell_ms is None else dwell_ms)
        for belt in belts:
            belt.takt_ms, belt.dwell_ms = takt_ms, belt.dwell_ms if dwell_ms is None else dwell_ms

    def connect(self, verb: str) -> None:
        """The controller's network: `cut` pulls the cable, `mend` plugs it in, `reset` drops all clients once.

        `download` is a reset after which every tag has another number. Raises KeyError for another verb.
        """
        faults = self._plc.faults
        verbs: dict[str, Callable[[], None]] = {
            "cut": faults.cut,
            "mend": faults.start_listening,
            "reset": faults.reboot,
            "download": partial(faults.reboot, renumber=True),
        }
        verbs[verb]()

    def set_tag(self, path: str, value: Value) -> None:
        """What an engineer does with the programming software. Raises KeyError for an unknown tag."""
        self._plc.memory.set(path, value)

    def _station_account(self, station: Station) -> dict[str, int]:
        account = self._plc.memory.get(f"{station.name}.Account")
        counter = self._plc.memory.get(f"{station.name}.Counter")
        return {**account, "Counter": counter, "OnBelt": len(station.belt.riding)}
