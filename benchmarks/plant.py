"""An API on its own servers, without a line: what the API's benchmarks measure."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psycopg

from jidoka.runtime.testing import WITH_TIMESCALEDB, Mosquitto, Postgres, free_port, mosquitto, postgres, until

SERVER = "shared_buffers = 512MB\nmax_wal_size = 4GB\nsynchronous_commit = off\nrandom_page_cost = 1.1\n"
SERVER += WITH_TIMESCALEDB


@dataclass(frozen=True, slots=True)
class Plant:
    """A running API, its broker and its database."""

    broker: Mosquitto
    database: Postgres
    process: subprocess.Popen[bytes]
    port: int

    @property
    def url(self) -> str:
        """The API's address."""
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def plant(broker_lines: str = "", **environment: str) -> Iterator[Plant]:
    """Broker, migrated database and API in MODE=sim; `broker_lines` go into mosquitto's configuration."""
    with mosquitto(broker_lines) as broker, postgres(SERVER) as database, tempfile.TemporaryDirectory() as folder:
        _migrate(database)
        port = free_port()
        settings = {
            "MODE": "sim", "DATA_DIR": folder, "MQTT_PORT": str(broker.port), "API_PORT": str(port),
            "LOG_LEVEL": "warning",
            "DATABASE_URL": database.url.replace("postgres@", "jidoka_api@"), "API_RATE_LIMIT": "10000000/minute",
        }  # fmt: skip
        process = subprocess.Popen([sys.executable, "-m", "jidoka.api"], env={**os.environ, **settings, **environment})
        try:
            until(lambda: _ready(port), 60, "the API")
            yield Plant(broker, database, process, port)
        finally:
            process.terminate()
            process.wait(20)


def cpu_seconds(process: subprocess.Popen[bytes]) -> float:
    """Processor time that a process has taken so far, its own and the system's for it."""
    fields = Path(f"/proc/{process.pid}/stat").read_text().rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _migrate(database: Postgres) -> None:
    environment = {**os.environ, "DATABASE_URL": database.url}
    subprocess.run([sys.executable, "-m", "jidoka.historian", "migrate"], env=environment, check=True)
    with psycopg.connect(database.url, autocommit=True) as admin:
        admin.execute("CREATE ROLE jidoka_api LOGIN IN ROLE jidoka_read, jidoka_auth")


def _ready(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/api/health/ready").status_code == 200
    except httpx.HTTPError:
        return False
