"""The line's controls over HTTP, and a controller's client on the other side."""

import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from pycomm3 import LogixDriver
from pycomm3.exceptions import PycommError

from jidoka.runtime.errors import ConfigError
from jidoka.runtime.settings import load_settings
from jidoka.simulator.belt import Belt, check_room
from jidoka.simulator.control import Control
from jidoka.simulator.line import Line
from jidoka.simulator.logix import Controller, Server
from jidoka.simulator.logix.attributes import Mode
from jidoka.simulator.parts import Recipe
from jidoka.simulator.plant import controller
from jidoka.simulator.process import Process
from jidoka.simulator.program import Program
from jidoka.simulator.retentive import Ledger, Retentive
from jidoka.simulator.settings import SimulatorSettings
from jidoka.simulator.station import Station


class Plant:
    """One station; `run` lets the belt go on by so many milliseconds."""

    def __init__(self, plc: Controller, program: Program, server: Server, port: int) -> None:
        self.plc, self.program, self.server, self._port = plc, program, server, port

    def run(self, milliseconds: float) -> None:
        self.program.scan(milliseconds)

    def ask(self, path: str, body: dict[str, Any] | None = None) -> tuple[int, bytes]:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self._port}/{path}", data=data)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def photograph(self, path: str) -> None:
        """Return when the camera has noted how long it took: it answers again on the connection after that."""
        with closing(http.client.HTTPConnection("127.0.0.1", self._port, timeout=10)) as connection:
            for _ in range(2):
                connection.request("GET", f"/{path}")
                assert len(connection.getresponse().read()) > 1000

    def connects(self) -> bool:
        try:
            with LogixDriver(f"127.0.0.1:{self.server.port}/0") as driver:
                return driver.read("AOI1.Counter").error is None
        except PycommError:
            return False


@pytest.fixture
def plant(tmp_path: Path) -> Iterator[Plant]:
    plc = controller(["AOI1"])
    station = Station("AOI1", plc.memory, Belt(100.0, 1000.0), Recipe(1, "AOI1", 0.2))
    ledgers = {"AOI1": Ledger(tmp_path / "AOI1.jsonl")}
    program = Program(plc.memory, [station], Process(1), Retentive(tmp_path / "retentive.json"), ledgers)
    plc.subscribe_writes(program.written)
    with plc.serve() as server, Control(Line(plc, program), "127.0.0.1", 0) as control:
        yield Plant(plc, program, server, control.port)


def test_the_cable_is_pulled_and_plugged_in_again(plant: Plant) -> None:
    assert plant.connects()
    assert plant.ask("plc", {"do": "cut"})[0] == 200
    assert not plant.connects()
    assert plant.ask("plc", {"do": "mend"})[0] == 200
    assert plant.connects()


@pytest.mark.parametrize("verb", ["reset", "download"])
def test_a_reset_and_a_download_drop_every_client_once(plant: Plant, verb: str) -> None:
    with pytest.raises(PycommError), LogixDriver(f"127.0.0.1:{plant.server.port}/0") as driver:
        plant.ask("plc", {"do": verb})
        driver.read("AOI1.Counter")
    assert plant.connects()


@pytest.mark.parametrize(
    ("path", "body", "says"),
    [
        ("plc", {"do": "dance"}, b"'dance'"),
        ("rate", {"takt_ms": 60}, b"dwell_ms may be at most 15 x takt_ms"),
        ("rate", {"takt_ms": 0}, b"must be above 0"),
        ("rate", {"takt_ms": "fast"}, b"fast"),
        ("tag", {"path": "Nowhere", "value": 1}, b"Nowhere"),
    ],
)
def test_what_makes_no_sense_is_refused_and_changes_nothing(
    plant: Plant, path: str, body: dict[str, Any], says: bytes
) -> None:
    status, answer = plant.ask(path, body)
    assert status == 400
    assert says in answer
    assert plant.program.stations[0].belt.takt_ms == 100.0


def test_a_part_that_left_tells_its_times(plant: Plant) -> None:
    plant.run(100)
    plant.photograph("camera/AOI1/top?sequence=1")
    plant.program.written("AOI1.Verdicts[1].Sequence", 1)
    for _ in range(12):
        plant.run(100)
    first, second = (json.loads(row) for row in plant.ask("truth/AOI1")[1].splitlines()[:2])
    assert first["camera_ms"] > 0
    assert first["verdict_ms"] > 0
    assert first["arrived_at"] < second["arrived_at"]
    assert (second["camera_ms"], second["verdict_ms"]) == (None, None)


def test_more_parts_than_the_rings_hold_are_refused_at_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIM_TAKT_MS", "300")
    monkeypatch.setenv("SIM_DWELL_MS", "5000")
    with pytest.raises(ConfigError, match=r"^SIM_DWELL_MS=.*takt_ms = 300, dwell_ms = 5000.*at most 15 x takt_ms$"):
        load_settings(SimulatorSettings)
    monkeypatch.setenv("SIM_TAKT_MS", "350")
    assert load_settings(SimulatorSettings).sim_takt_ms == 350


def test_what_is_allowed_never_has_sixteen_parts_on_the_belt() -> None:
    belt = Belt(takt_ms=100.0, dwell_ms=1500.0)
    check_room(belt.takt_ms, belt.dwell_ms)
    most = 0
    for _ in range(1000):
        belt.step(10.0)
        most = max(most, len(belt.riding))
    assert most == 15


def test_a_client_sees_the_mode_of_the_controller(plant: Plant) -> None:
    modes = []
    with LogixDriver(f"127.0.0.1:{plant.server.port}/0") as driver:
        for mode in Mode:
            plant.plc.faults.mode(mode)
            modes.append(driver.get_plc_info()["keyswitch"])
    assert modes == ["REMOTE RUN", "REMOTE PROG", "UNKNOWN"]
