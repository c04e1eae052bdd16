"""A broker, a database, a historian and two publishers, to be killed at random; then everything is counted."""

import hashlib
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from record_publisher import TAGS

from jidoka.runtime.testing import TIMESCALEDB, Mosquitto, Postgres, mosquitto, postgres

ROLES = ("gateway", "inspector")
VICTIMS = ("broker", "database", "historian", *ROLES)
MOST_MEMORY = 300 * 2**20
LONGEST_ROUND_S = 60.0
SCRIPT = Path(__file__).with_name("record_publisher.py")


@dataclass
class Plant:
    """All of it. A victim that is down stays down until `start`.

    `memory` is the most that each process used, `grown` what each used more at the end of the database's absence than
    at its begin, in bytes.
    """

    folder: Path
    broker: Mosquitto
    database: Postgres
    engine: str
    parts: int
    rate: int
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    memory: dict[str, int] = field(default_factory=dict)
    grown: dict[str, int] = field(default_factory=dict)

    def start(self, name: str) -> None:
        """Starts one that is down."""
        if name == "broker":
            self.broker.start()
        elif name == "database":
            self.database.start()
        else:
            log = (self.folder / f"{name}.log").open("ab")
            with log:
                self.processes[name] = subprocess.Popen(
                    self._command(name), env=self._environment(), stdout=log, stderr=log
                )

    def kill(self, name: str) -> None:
        """kill -9."""
        if name == "broker":
            self.broker.kill()
        elif name == "database":
            self.database.kill()
        else:
            self.look()
            process = self.processes.pop(name, None)
            if process:
                process.kill()
                process.wait()

    def look(self) -> dict[str, int]:
        """How much memory each process uses now, in bytes; a historian that ended by itself is started again."""
        if "historian" in self.processes and self.processes["historian"].poll() is not None:
            self.start("historian")
        now = {name: _resident(process.pid) for name, process in self.processes.items()}
        self.memory = {name: max(now.get(name, 0), self.memory.get(name, 0)) for name in now | self.memory}
        return now

    def without_database(self, seconds: float) -> None:
        """Stops it in good order, and starts it again after so long."""
        self.database.stop(signal.SIGINT)
        before, until = self.look(), time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            time.sleep(min(1.0, left))
            now = self.look()
        self.grown = {name: now[name] - before[name] for name in before if name in now}
        self.start("database")

    def done(self) -> bool:
        """Whether both publishers have a receipt for everything."""
        self.look()
        return all((self.folder / f"{role}.done").exists() for role in ROLES)

    def rows(self, query: str) -> list[Any]:
        """An answer of the record."""
        with psycopg.connect(self.database.url) as connection:
            return connection.execute(query.encode()).fetchall()

    def truth(self) -> dict[str, tuple[int, float]]:
        """By kind: how many records were published, and the sum of their values."""
        found: dict[str, tuple[int, float]] = {}
        for role in ROLES:
            with sqlite3.connect(self.folder / f"{role}.sqlite") as db:
                for kind, records, total in db.execute(
                    "SELECT kind, sum(records), sum(total) FROM truth GROUP BY kind"
                ):
                    found[kind] = (records, total)
        return found

    def _command(self, name: str) -> list[str]:
        if name == "historian":
            return [sys.executable, "-m", "jidoka.historian"]
        return [sys.executable, str(SCRIPT), name, *map(str, (self.folder, self.broker.port, self.parts, self.rate))]

    def _environment(self) -> dict[str, str]:
        settings = {"DATABASE_URL": self.database.url, "MQTT_PORT": str(self.broker.port), "HTTP_PORT": "0"}
        where = {"DATA_DIR": str(self.folder / "historian"), "LINE_FILE": str(self.folder / "line.toml")}
        return os.environ | settings | where | {"DATABASE_ENGINE": self.engine}


@contextmanager
def plant(engine: str, parts: int, rate: int) -> Iterator[Plant]:
    """Everything running. A broker that keeps its sessions on disk every ten seconds, a database that syncs."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="record-plant-")))
        volume = folder / "broker"
        volume.mkdir()
        folder.chmod(0o755)
        volume.chmod(0o777)
        (folder / "historian").mkdir()
        (folder / "line.toml").write_text('site = "demo"\nline = "line1"\n')
        kept = f"persistence_location {volume}/\nautosave_interval 10\n"
        broker = stack.enter_context(mosquitto(kept, persistence=True))
        database = stack.enter_context(postgres(TIMESCALEDB if engine == "timescaledb" else ""))
        made = Plant(folder, broker, database, engine, parts, rate)
        try:
            for name in ("historian", *ROLES):
                made.start(name)
            yield made
        finally:
            for name in list(made.processes):
                made.kill(name)


def torment(line: Plant, dice: random.Random, away_s: float) -> int:
    """Kills in overlaps until all is published; deletes the broker's volume once, and stops the database for a time.

    Returns how many processes were killed.
    """
    kills, elapsed, looked = 0, 0.0, time.monotonic()
    special = ["volume", "away"]
    dice.shuffle(special)
    length = line.parts / line.rate
    while not line.done():
        now = time.monotonic()
        # a machine that slept meanwhile does not count
        elapsed, looked = elapsed + min(now - looked, LONGEST_ROUND_S), now
        if special and elapsed > (min(length / 4, 125) if len(special) == 2 else min(length * 0.6, 300)):
            kills += _special(line, special.pop(), away_s, dice)
            looked = time.monotonic()
        elif elapsed < length + 30:
            down = dice.sample(VICTIMS, dice.choice((1, 1, 2, 2, 3)))
            for name in down:
                line.kill(name)
                time.sleep(dice.uniform(0, 1))
            for name in dice.sample(down, len(down)):
                time.sleep(dice.uniform(0, 1))
                line.start(name)
            kills += len(down)
        assert elapsed < length + 420, f"not drained: {_state(line)}"
        time.sleep(dice.uniform(1, 4))  # the spacing of the faults
    return kills


def _special(line: Plant, what: str, away_s: float, dice: random.Random) -> int:
    if what == "volume":
        line.kill("historian")
        line.kill("broker")
        for file in (line.folder / "broker").iterdir():
            file.unlink()
        line.start("broker")
        time.sleep(dice.uniform(0, 2))
        line.start("historian")
        return 2
    line.without_database(away_s)
    return 0


def agree(line: Plant) -> dict[str, tuple[int, float]]:
    """Compares the record with what was published; returns the truth."""
    for role in ROLES:
        line.kill(role)  # it has its journal for itself
    truth = line.truth()
    assert truth["PartArrived"][0] == line.parts
    stored = {
        "PartArrived": "SELECT count(*), sum(cycle_time_ms) FROM parts",
        "Decision": "SELECT count(*), sum(latency_ms) FROM decisions",
        "TagBatch": f"SELECT count(*) / {TAGS}, sum(value) FROM tag_samples",
        "Inspection": "SELECT count(*), sum(defect_count) FROM inspections",
        "Evidence": "SELECT count(*), sum(('x' || encode(substring(image FOR 4), 'hex'))::bit(32)::int) FROM images",
        "AlarmCondition": "SELECT count(*), count(*) FROM alarm_events WHERE alarm_id IN"
        " (SELECT id FROM alarms WHERE source = 'gateway-1')",
    }
    counted = {kind: line.rows(query)[0] for kind, query in stored.items()}
    assert {kind: (int(count), float(total)) for kind, (count, total) in counted.items()} == truth
    assert line.rows("SELECT count(*), count(DISTINCT id) FROM defects") == [(int(truth["Inspection"][1]),) * 2]
    assert line.rows("SELECT count(DISTINCT counter) FROM decisions") == [(line.parts,)]
    images = line.rows("SELECT sha256, image FROM images ORDER BY random() LIMIT 100")
    assert all(hashlib.sha256(image).hexdigest() == sha256 for sha256, image in images)
    assert line.rows("SELECT * FROM custody_gaps") == []
    assert line.rows("SELECT * FROM lost_records") == []
    assert line.rows("SELECT kind, error FROM dead_letters") == []
    assert all(used < MOST_MEMORY for used in line.memory.values()), line.memory
    return truth


def _resident(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text("ascii")
    return next((int(row.split()[1]) * 1024 for row in status.splitlines() if row.startswith("VmRSS:")), 0)


def _state(line: Plant) -> str:
    logs = [f"{name}: {(line.folder / f'{name}.log').read_text()[-600:]}" for name in ("historian", *ROLES)]
    shutil.rmtree(line.folder / "broker", ignore_errors=True)
    return "\n".join(logs)
