"""A whole line for black-box tests: `make run`'s own program on free ports with a data folder of its own.

Broker and database are programs of this machine, or containers when asked for.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx
import psycopg
from line_containers import Containers, containers
from psycopg.rows import dict_row

ROOT = Path(__file__).resolve().parents[2]
_PORTS = (
    "MQTT_PORT",
    "DATABASE_PORT",
    "REDIS_PORT",
    "API_PORT",
    "SIM_PLC_PORT",
    "SIM_CONTROL_PORT",
    "PLC_GATEWAY_HTTP_PORT",
    "VISION_GATEWAY_HTTP_PORT",
    "INFERENCE_HTTP_PORT",
    "HISTORIAN_HTTP_PORT",
    "SIMULATOR_HTTP_PORT",
)
SERVICES = ("simulator", "historian", "inference", "vision-gateway", "plc-gateway", "api")
T = TypeVar("T")


def wait_for(what: str, probe: Callable[[], T | None], seconds: float = 60.0) -> T:
    """The first truthy answer of `probe`; fails naming `what` when none comes in time."""
    deadline = time.monotonic() + seconds
    while True:
        answer = probe()
        if answer:
            return answer
        assert time.monotonic() < deadline, f"after {seconds:.0f} s still no {what}"
        time.sleep(0.1)


@dataclass(frozen=True, slots=True)
class Stack:
    """A running line: its ports, and what a tester does with it."""

    data: Path
    ports: dict[str, int]
    process: subprocess.Popen[bytes]
    containers: Containers | None = None

    @property
    def api(self) -> str:
        """The API's address."""
        return f"http://127.0.0.1:{self.ports['API_PORT']}"

    def get(self, path: str, **query: Any) -> Any:
        """JSON of the API."""
        answer = httpx.get(f"{self.api}{path}", params=query, timeout=10)
        answer.raise_for_status()
        return answer.json()

    def simulator(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """JSON of the simulator's controls; a body makes it a POST."""
        url = f"http://127.0.0.1:{self.ports['SIM_CONTROL_PORT']}/{path}"
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(urllib.request.Request(url, data=data), timeout=10) as answer:
            return json.load(answer)

    def truth(self, station: str) -> list[dict[str, Any]]:
        """Every part that left the station, by the controller."""
        url = f"http://127.0.0.1:{self.ports['SIM_CONTROL_PORT']}/truth/{station}"
        with urllib.request.urlopen(url, timeout=10) as answer:
            return [json.loads(line) for line in answer.read().decode().splitlines()]

    def sql(self, query: str, *parameters: Any) -> list[dict[str, Any]]:
        """Rows of the database, as its owner."""
        password = json.loads((self.data / "secrets.json").read_text())["postgres"]
        with psycopg.connect(
            host="127.0.0.1",
            port=self.ports["DATABASE_PORT"],
            user="postgres",
            password=password,
            dbname="jidoka",
            row_factory=dict_row,
        ) as connection:
            return connection.execute(query, parameters).fetchall()

    def metric(self, service: str, name: str) -> float:
        """The sum of all series of a metric of a service."""
        port = self.ports[f"{service.upper().replace('-', '_')}_HTTP_PORT"]
        text = httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=10).text
        rows = [line for line in text.splitlines() if line.startswith((f"{name} ", f"{name}{{"))]
        return sum(float(row.rsplit(" ", 1)[1]) for row in rows)

    def pid(self, program: str) -> int:
        """The process id of a program, 0 while it does not run."""
        if self.containers and program in self.containers:
            return self.containers.pid(program)
        command = [sys.executable, "-m", "supervisor.supervisorctl", "-c", str(self.data / "supervisord.conf")]
        done = subprocess.run([*command, "pid", program], capture_output=True, check=False, text=True, timeout=30)
        return int(done.stdout) if done.stdout.strip().isdigit() else 0

    def kill(self, *names: str) -> None:
        """`kill -9` of these programs, all found before the first is killed."""
        inside = [name for name in names if self.containers and name in self.containers]
        for pid in [self.pid(name) for name in names if name not in inside]:
            if pid:
                os.kill(pid, signal.SIGKILL)
        if self.containers and inside:
            self.containers.kill(*inside)

    def drain(self, stations: tuple[str, ...] = ("AOI1",)) -> dict[str, dict[str, int]]:
        """Lets no more parts arrive, waits until the last one has left and is in the database; the account."""
        self.simulator("rate", {"takt_ms": 10_000_000})
        wait_for("empty belt", lambda: not any(row["OnBelt"] for row in self.simulator("account").values()))
        account: dict[str, dict[str, int]] = self.simulator("account")
        for station in stations:
            wait_for(
                f"decision of every part at {station}",
                lambda station=station: self._settled(station) == account[station]["Counter"],
                90,
            )
        return account

    def _settled(self, station: str) -> int:
        decided = self.sql("SELECT count(*) AS n FROM decisions WHERE station = %s", station)[0]["n"]
        missed = self.sql("SELECT coalesce(sum(count), 0) AS n FROM missed_parts WHERE station = %s", station)[0]["n"]
        return int(decided) + int(missed)


@contextmanager
def line_stack(
    takt_ms: int = 400, dwell_ms: int = 5600, in_containers: bool = False, **environment: str
) -> Iterator[Stack]:
    """A running line with its first verdict stored; everything it started is gone afterwards."""
    with ExitStack() as cleanup:
        data = Path(tempfile.mkdtemp(prefix="jidoka-test-"))
        cleanup.callback(shutil.rmtree, data, ignore_errors=True)
        data.chmod(0o755)
        ports = dict(zip(_PORTS, _free_ports(len(_PORTS)), strict=True))
        speed = {"SIM_TAKT_MS": str(takt_ms), "SIM_DWELL_MS": str(dwell_ms)}
        variables = {name: str(port) for name, port in ports.items()} | speed | environment
        servers = None
        if in_containers:
            servers = cleanup.enter_context(containers(data, ports["MQTT_PORT"], ports["DATABASE_PORT"]))
            (data / "secrets.json").write_text(json.dumps({"postgres": servers.password}))
            variables["JIDOKA_SERVERS"] = "given"
        process = _started(data, variables)
        cleanup.callback(_ended, process)
        said = process.stdout.readline().decode() if process.stdout else ""
        assert "Jidoka runs at" in said, f"the line did not start: {said}\n{_logs(data, servers)}"
        yield Stack(data, ports, process, servers)


def _started(data: Path, variables: dict[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "deploy/local/run.py"],
        cwd=ROOT,
        env={**os.environ, "JIDOKA_DATA": str(data), **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def _ended(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGINT)
    process.wait(timeout=90)
    if process.stdout:
        process.stdout.close()


def _logs(data: Path, servers: Containers | None) -> str:
    tails = [f"--- {path.name}\n" + path.read_text()[-2000:] for path in sorted((data / "logs").glob("*.log"))]
    return "\n".join([*tails, servers.logs() if servers else ""])


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [int(one.getsockname()[1]) for one in sockets]
    finally:
        for one in sockets:
            one.close()
