"""A real API around real servers: PostgreSQL with the historian's migrations, mosquitto, and the historian itself."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import count
from pathlib import Path
from signal import SIGCONT, SIGTERM, Signals
from typing import Any
from uuid import UUID

import httpx
import psycopg
import pytest
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb
from websockets.sync.client import ClientConnection, connect

from jidoka.runtime.bus import Bus
from jidoka.runtime.journal import Journal
from jidoka.runtime.testing import WITH_TIMESCALEDB, Mosquitto, Postgres, free_port, mosquitto, postgres, until
from jidoka.schemas import (
    AlarmCondition,
    Box,
    CameraVerdict,
    Decision,
    Defect,
    Evidence,
    Inspection,
    Message,
    ModelRef,
    PartArrived,
    Reason,
    Ruling,
    Scope,
    Severity,
    TagBatch,
    Timings,
    Verdict,
    new_id,
)

JPEG = b"\xff\xd8\xff\xe0 a picture \xff\xd9"
SHA = sha256(JPEG).hexdigest()
LINE_TOML = """
site = "demo"
line = "line1"
timezone = "Europe/Berlin"
[[plc]]
name = "plc1"
host = "127.0.0.1"
[[station]]
name = "AOI1"
plc = "plc1"
tag = "AOI1"
[[station.camera]]
name = "top"
kind = "folder"
folder = "none"
"""
USERS = "viewer:viewer,operator:operator,engineer:engineer,admin:admin"
SECRET = sha256(b"only for these tests").hexdigest()
POSTGRES = "fsync = off\n" + WITH_TIMESCALEDB


@dataclass
class Program:
    """One `python -m jidoka.<name>`."""

    name: str
    environment: dict[str, str]
    log: Path
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def start(self) -> None:
        with self.log.open("ab") as log:
            command = [sys.executable, "-m", f"jidoka.{self.name}"]
            self.process = subprocess.Popen(command, env={**os.environ, **self.environment}, stdout=log, stderr=log)

    def signal(self, number: Signals) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def stop(self, number: Signals = SIGTERM) -> int:
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(SIGCONT)
            self.process.send_signal(number)
        return self.process.wait(20)


class Api:
    """One running API, and clients of it."""

    def __init__(self, program: Program, port: int) -> None:
        self.program, self.port = program, port
        self.url = f"http://127.0.0.1:{port}"
        self.http = httpx.Client(base_url=self.url, timeout=20)
        self._tokens: dict[str, str] = {}

    def get(self, path: str, token: str | None = None, **query: Any) -> httpx.Response:
        return self.http.get(f"/api/v1{path}", params=query, headers=_bearer(token))

    def post(self, path: str, body: Any = None, token: str | None = None, **headers: str) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.http.post(f"/api/v1{path}", json=body, headers=_bearer(token) | named)

    def log_in(self, username: str, password: str | None = None) -> dict[str, Any]:
        answer = self.post("/auth/login", {"username": username, "password": password or username})
        self.http.cookies.clear()
        assert answer.status_code == 200, answer.text
        tokens: dict[str, Any] = answer.json()
        return tokens

    def token(self, username: str) -> str:
        """The access token of a demo user, whose session stays open."""
        if username not in self._tokens:
            self._tokens[username] = str(self.log_in(username)["access_token"])
        return self._tokens[username]

    def ready(self) -> bool:
        try:
            return self.http.get("/api/health/ready").status_code == 200
        except httpx.HTTPError:
            return False

    def database_error(self) -> str:
        try:
            return str(self.http.get("/api/health").json()["errors"].get("database", ""))
        except httpx.HTTPError:
            return ""

    def socket(self, token: str | None = None, **options: Any) -> ClientConnection:
        ticket = self.post("/ws-ticket", token=token).json()["ticket"]
        address = f"ws://127.0.0.1:{self.port}/api/v1/ws?ticket={ticket}"
        opened: ClientConnection = connect(address, max_size=None, **options)
        return opened


def _bearer(token: str | None) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"} if token else {}


class Plant:
    """Servers, historian, a publisher, and how to start an API beside them."""

    def __init__(self, database: Postgres, broker: Mosquitto, folder: Path) -> None:
        self.database, self.broker, self.folder = database, broker, folder
        self.line_file = folder / "line.toml"
        self.line_file.write_text(LINE_TOML)
        self.url = f"postgresql://jidoka_api@127.0.0.1:{database.port}/postgres"
        self.historian = Program("historian", self.environment("historian", database.url), folder / "historian.log")
        self.bus = Bus(broker.settings, Scope("demo", "line1"), "test", "test-1", "0", Journal(None))
        self._numbers = count(1)

    def environment(self, name: str, url: str) -> dict[str, str]:
        return {
            "MODE": "sim",
            "LINE_FILE": str(self.line_file),
            "DATA_DIR": str(self.folder / name),
            "MQTT_HOST": "127.0.0.1",
            "MQTT_PORT": str(self.broker.port),
            "DATABASE_URL": url,
            "LOG_FORMAT": "json",
            "HTTP_PORT": "0",
        }

    def migrate(self, url: str) -> None:
        migrated = subprocess.run(
            [sys.executable, "-m", "jidoka.historian", "migrate"],
            env={**os.environ, "DATABASE_URL": url},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert migrated.returncode == 0, migrated.stderr

    @contextmanager
    def api(self, *, wait: bool = True, **environment: str) -> Iterator[Api]:
        """An API of its own."""
        number, port = next(self._numbers), free_port()
        settings = {
            "API_PORT": str(port),
            "INSTANCE": f"api-{number}",
            "JWT_SECRET": SECRET,
            "DEMO_USERS": USERS,
            "API_RATE_LIMIT": "1000000/minute",
            "LOGIN_RATE_LIMIT": "1000/minute",
            "CACHE_TTL": "0",
            "WEB_DIR": "no-page",
        }
        program = Program(
            "api",
            {**self.environment(f"api-{number}", self.url), **settings, **environment},
            self.folder / f"api-{number}.log",
        )
        program.start()
        api = Api(program, port)
        try:
            if wait:
                until(api.ready, 60, f"readiness of {program.log.read_text()[-3000:]}")
            yield api
        finally:
            api.http.close()
            program.stop()

    def sql(self, query: str, *values: Any) -> list[dict[str, Any]]:
        with psycopg.connect(self.database.url, row_factory=dict_row) as connection:
            cursor = connection.execute(query.encode(), values)
            return cursor.fetchall() if cursor.description else []

    def create_database(self, name: str) -> None:
        with psycopg.connect(self.database.url, autocommit=True) as admin:
            admin.execute(f"CREATE DATABASE {name}".encode())

    def put(self, query: str, row: dict[str, Any]) -> None:
        with psycopg.connect(self.database.url) as connection:
            connection.execute(query.encode(), {**row, "detail": Jsonb(row["detail"])})

    def publish(self, *messages: Message) -> None:
        for message in messages:
            self.bus.publish(message)

    def stored(self, table: str, identity: UUID) -> None:
        """Waits until a row is there."""
        until(lambda: self.sql(f"SELECT 1 FROM {table} WHERE id = %s", identity), 20, f"{identity} in {table}")

    def part(self, *defects: str, store: bool = True, **fields: Any) -> "Made":
        """Publishes a whole part; with `store` it is in the database afterwards."""
        made = make_part(next(self._numbers), *defects, **fields)
        self.publish(made.arrived, made.inspection, made.evidence, made.decision)
        if store:
            self.stored("parts", made.id)
            until(lambda: self.sql("SELECT 1 FROM decisions WHERE part_id = %s", made.id), 20, "its decision")
            until(lambda: self.sql("SELECT 1 FROM images WHERE part_id = %s", made.id), 20, "its image")
        return made

    def alarm(self, active: bool = True, alarm_id: UUID | None = None) -> UUID:
        """Publishes an alarm's condition; it is in the database afterwards."""
        identity = alarm_id or new_id()
        self.publish(
            AlarmCondition(
                alarm_id=identity, source="test-1", code="door_open", subject=f"door{identity.hex[-8:]}", active=active,
                severity=Severity.HIGH, message="the door is open", at=datetime.now(UTC), station="AOI1",
            )
        )  # fmt: skip
        self.stored("alarms", identity)
        return identity


@dataclass
class Made:
    """The messages of one part."""

    arrived: PartArrived
    inspection: Inspection
    evidence: Evidence
    decision: Decision

    @property
    def id(self) -> UUID:
        return self.arrived.part_id


def make_part(number: int, *defects: str, at: datetime | None = None, **fields: Any) -> Made:
    now = at or datetime.now(UTC)
    known: dict[str, Any] = {"serial": f"SN-{number:06}", "sku": "PCB-A", "batch": "B-1", "cycle_time_ms": 1500.0}
    arrived = PartArrived(
        part_id=new_id(), station="AOI1", plc="plc1", counter=number, arrived_at=now, deadline_ms=4000.0,
        **(known | fields),
    )  # fmt: skip
    verdict = Verdict.FAIL if defects else Verdict.PASS
    box = Box(x=10.5, y=20.0, width=30.0, height=31.25)
    inspection = Inspection(
        inspection_id=new_id(), frame_id=new_id(), part_id=arrived.part_id, station="AOI1", camera="top",
        verdict=verdict, quality_score=0.1 if defects else 0.9, width=640, height=640, config_sha256=SHA,
        defects=tuple(Defect(defect_id=new_id(), defect_class=name, confidence=0.9, box=box) for name in defects),
        model=ModelRef(name="pcb-defects", version="1", sha256=SHA), captured_at=now + timedelta(milliseconds=20),
        inspected_at=now + timedelta(milliseconds=80),
        timings=Timings(queue=2.0, decode=3.0, prepare=1.0, model=60.0, finish=0.5),
    )  # fmt: skip
    evidence = Evidence(
        frame_id=inspection.frame_id, inspection_id=inspection.inspection_id, part_id=arrived.part_id, station="AOI1",
        camera="top", verdict=verdict, captured_at=inspection.captured_at, width=640, height=640, sha256=SHA,
        image=JPEG,
    )  # fmt: skip
    seen = CameraVerdict(camera="top", inspection_id=inspection.inspection_id, verdict=verdict)
    decision = Decision(
        part_id=arrived.part_id, station="AOI1", plc="plc1", counter=number, config_sha256=SHA, confirmed=True,
        ruling=Ruling.REJECT if defects else Ruling.ACCEPT, reason=Reason.FAILED if defects else Reason.PASSED,
        inspections=(seen,), arrived_at=now, decided_at=now + timedelta(milliseconds=100), latency_ms=100.0,
    )  # fmt: skip
    return Made(arrived, inspection, evidence, decision)


@contextmanager
def running_plant(folder: Path) -> Iterator[Plant]:
    with postgres(POSTGRES) as database, mosquitto() as broker:
        made = Plant(database, broker, folder)
        made.migrate(database.url)
        with psycopg.connect(database.url, autocommit=True) as admin:
            admin.execute("CREATE ROLE jidoka_api LOGIN IN ROLE jidoka_read, jidoka_auth")
        made.historian.start()
        try:
            with made.bus:
                yield made
        finally:
            made.historian.stop()


@pytest.fixture(scope="session")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plant]:
    with running_plant(tmp_path_factory.mktemp("plant")) as made:
        yield made


@pytest.fixture(scope="module")
def spoiled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plant]:
    """A plant of its own, for tests that leave nothing as it was."""
    with running_plant(tmp_path_factory.mktemp("spoiled")) as made:
        yield made


@pytest.fixture(scope="session")
def api(plant: Plant) -> Iterator[Api]:
    """One API that most tests share."""
    with plant.api() as running:
        yield running


@pytest.fixture(scope="session")
def strict(plant: Plant, api: Api) -> Iterator[Api]:
    """An API with low bounds, a page, and one other origin that it answers."""
    folder = plant.folder / "dist"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html><title>page</title>")
    (folder / "assets" / "app-1a2b.js").write_text("//")
    (plant.folder / "secret.txt").write_text("secret")
    bounds: dict[str, Any] = {"ACTION_TIMEOUT_S": "0.5", "ACCESS_TOKEN_S": "30", "WS_MAX_CONNECTIONS": "1"}
    with plant.api(WEB_DIR=str(folder), CORS_ORIGIN="https://mes.example", **bounds) as running:
        yield running


@pytest.fixture(scope="session")
def scan() -> Callable[..., TagBatch]:
    """Makes scans of tags."""
    numbers = count(1)

    def make(**values: Any) -> TagBatch:
        named = {name.replace("_", "."): value for name, value in values.items()}
        return TagBatch(plc="plc1", group="process", at=datetime.now(UTC), scan_no=next(numbers), values=named)

    return make


def said(socket: ClientConnection, wanted: Callable[[dict[str, Any]], bool], within: float = 15) -> dict[str, Any]:
    """The next message of a socket that is wanted."""
    while True:
        message = json.loads(socket.recv(within))
        if wanted(message):
            return dict(message)


@pytest.fixture(name="said")
def said_fixture() -> Callable[..., dict[str, Any]]:
    return said
