"""Real servers for tests: mosquitto and PostgreSQL on free ports, with all their files in a temporary folder."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from jidoka.runtime.settings import MqttSettings

HOST = "127.0.0.1"
START_S = 60.0
TIMESCALEDB_INSTALLED = any(Path("/usr/share/postgresql").glob("*/extension/timescaledb.control"))
TIMESCALEDB = "shared_preload_libraries = 'timescaledb'\ntimescaledb.telemetry_level = off\n"
"""Lines for postgresql.conf."""
WITH_TIMESCALEDB = TIMESCALEDB if TIMESCALEDB_INSTALLED else ""
ENGINES = ["postgresql", "timescaledb"] if TIMESCALEDB_INSTALLED else ["postgresql"]
MOSQUITTO_CONF = """listener {port} 127.0.0.1
allow_anonymous true
set_tcp_nodelay true
max_inflight_messages 0
max_queued_messages 100000
persistence {persistence}
"""


def free_port() -> int:
    """A TCP port that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def until(condition: Callable[[], object], within: float = 10.0, what: str = "the condition") -> None:
    """Waits for a condition. Raises AssertionError when it does not become true in time."""
    deadline = time.monotonic() + within
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not come true within {within} s")
        time.sleep(0.005)


@dataclass
class Mosquitto:
    """A broker that a test may kill and start again on the same port."""

    port: int
    folder: Path
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def settings(self) -> MqttSettings:
        """How a bus finds it."""
        return MqttSettings(host=HOST, port=self.port)

    def start(self) -> None:
        """Starts it and waits until it listens."""
        log = (self.folder / "log").open("ab")
        with log:
            command = [_program("mosquitto"), "-c", str(self.folder / "mosquitto.conf")]
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        until(lambda: _listening(self.port), START_S, f"mosquitto on port {self.port}")

    def kill(self) -> None:
        """kill -9: what it had in memory is gone."""
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None


@contextmanager
def mosquitto(extra: str = "", *, persistence: bool = False) -> Iterator[Mosquitto]:
    """A fresh broker without users; `extra` are lines for its configuration."""
    with tempfile.TemporaryDirectory(prefix="mosquitto-") as name:
        folder, port = Path(name), free_port()
        (folder / "mosquitto.conf").write_text(
            MOSQUITTO_CONF.format(port=port, persistence=str(persistence).lower()) + extra
        )
        folder.chmod(0o755)
        broker = Mosquitto(port, folder)
        broker.start()
        try:
            yield broker
        finally:
            broker.kill()


@dataclass
class Postgres:
    """A database server; `url` is its superuser's."""

    port: int
    folder: Path
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        """Of the database `postgres`."""
        return f"postgresql://postgres@{HOST}:{self.port}/postgres"

    def start(self) -> None:
        """Starts it and waits until it answers."""
        command = [_postgres("postgres"), "-D", str(self.folder / "data"), "-p", str(self.port), "-k", str(self.folder)]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen([*_as_postgres(), *command, "-h", HOST], stdout=log, stderr=log)
        ready = [_postgres("pg_isready"), "-q", "-h", HOST, "-p", str(self.port)]
        until(lambda: subprocess.run(ready, check=False).returncode == 0, START_S, f"PostgreSQL on port {self.port}")

    def stop(self, number: signal.Signals = signal.SIGQUIT) -> None:
        """Ends it by a signal: SIGQUIT is an immediate shutdown, which the next start recovers from."""
        if self.process:
            self.process.send_signal(number)
            self.process.wait()
            self.process = None

    def kill(self) -> None:
        """kill -9 of the server and of all its processes, as in a power cut."""
        if self.process:
            own = self.process.pid
            children = Path(f"/proc/{own}/task/{own}/children").read_text("ascii").split()
            for pid in (own, *map(int, children)):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            self.process.wait()
            self.process = None


@contextmanager
def postgres(extra: str = "") -> Iterator[Postgres]:
    """A fresh PostgreSQL (version 15 or what is on the PATH) that trusts local connections.

    As root it runs as the user `postgres`. `extra` are lines for postgresql.conf.
    """
    with tempfile.TemporaryDirectory(prefix="postgres-") as name:
        server = Postgres(free_port(), Path(name))
        if os.geteuid() == 0:
            shutil.chown(server.folder, "postgres")
        initdb = [_postgres("initdb"), "-D", str(server.folder / "data"), "-U", "postgres", "-A", "trust", "-E", "UTF8"]
        made = subprocess.run([*_as_postgres(), *initdb, "--locale=C.UTF-8", "-N"], capture_output=True, check=False)
        if made.returncode:
            raise RuntimeError(f"initdb failed: {made.stderr.decode()}")
        with (server.folder / "data" / "postgresql.conf").open("a") as conf:
            conf.write(f"max_connections = 50\nshared_buffers = 32MB\n{extra}\n")
        server.start()
        try:
            yield server
        finally:
            server.stop()


def _program(name: str) -> str:
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if not found:
        raise RuntimeError(f"{name} is not installed")
    return found


def _postgres(name: str) -> str:
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    found = next((folder / name for folder in folders if (folder / name).exists()), None)
    return str(found) if found else _program(name)


def _as_postgres() -> list[str]:
    # setpriv becomes the program, so that a signal to the process reaches the server itself
    return [_program("setpriv"), "--reuid=postgres", "--regid=postgres", "--init-groups"] if os.geteuid() == 0 else []


def _listening(port: int) -> bool:
    with suppress(OSError), socket.create_connection((HOST, port), timeout=1):
        return True
    return False
