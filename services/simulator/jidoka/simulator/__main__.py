"""`python -m jidoka.simulator` runs the line."""

import time
from contextlib import nullcontext
from pathlib import Path

from pydantic import BaseModel

from jidoka.runtime.service import Service, run
from jidoka.runtime.settings import load_settings, load_toml, section
from jidoka.simulator import __version__
from jidoka.simulator.belt import Belt
from jidoka.simulator.control import Control
from jidoka.simulator.keyence import KeyenceLine
from jidoka.simulator.line import Line
from jidoka.simulator.parts import Recipe
from jidoka.simulator.plant import controller
from jidoka.simulator.process import Process
from jidoka.simulator.program import Program
from jidoka.simulator.retentive import Ledger, Retentive
from jidoka.simulator.settings import SimulatorSettings
from jidoka.simulator.station import Station

SCAN_S = 0.01


class StationTable(BaseModel):
    """The part of a `[[station]]` table that the simulator needs."""

    name: str


def main() -> None:
    """Wires controller, belts, camera and controls."""
    settings = load_settings(SimulatorSettings)
    data, _ = load_toml(settings.line_file)
    names = [table.name for table in section(list[StationTable], data, "station", settings.line_file)]
    plc = controller(names)
    stations = [
        Station(
            name,
            plc.memory,
            Belt(settings.sim_takt_ms, settings.sim_dwell_ms),
            Recipe(settings.sim_seed, name, settings.sim_defect_rate),
        )
        for name in names
    ]
    folder = Path(settings.data_dir) / "simulator"
    program = Program(
        plc.memory,
        stations,
        Process(settings.sim_seed),
        Retentive(folder / "retentive.json"),
        {name: Ledger(folder / f"{name}.jsonl") for name in names},
    )
    program.restore()
    plc.memory.set("Process.Recipe", "R1")
    plc.subscribe_writes(program.written)
    line = Line(plc, program)
    keyence = _keyence(settings, line, stations[0])
    with (
        Service("simulator", settings, version=__version__) as service,
        plc.serve(settings.sim_host, settings.sim_plc_port),
        keyence.serving(settings.sim_host, settings.sim_keyence_port) if keyence else nullcontext(),
        Control(line, settings.sim_host, settings.sim_control_port, keyence.controller if keyence else None),
    ):
        before = time.monotonic()
        while service.alive():
            service.wait(SCAN_S)
            now = time.monotonic()
            program.scan((now - before) * 1000)
            before = now
            if keyence:
                keyence.tend()


def _keyence(settings: SimulatorSettings, line: Line, station: Station) -> KeyenceLine | None:
    """The CV-X at the first station, where SIM_KEYENCE_FTP says who receives its images."""
    if settings.sim_keyence_ftp is None:
        return None

    def counter() -> int:
        return int(station.memory.get(f"{station.name}.Counter"))

    return KeyenceLine(
        lambda: line.camera(station.name).shoot("cv-x"),
        counter,
        settings.sim_keyence_ftp.get_secret_value(),
        settings.sim_keyence_wired,
    )


if __name__ == "__main__":
    run(main)
