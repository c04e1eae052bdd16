"""One PostgreSQL server for the session, and a fresh database for each test, on every engine that is installed."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest

from jidoka.historian.attempts import Attempts
from jidoka.historian.database import Database
from jidoka.historian.line import Retention
from jidoka.historian.migrate import Engine, migrate
from jidoka.historian.policies import apply_retention, make_partitions
from jidoka.historian.store import Store
from jidoka.historian.writer import Committed, Writer
from jidoka.runtime.batch import Delivery, delivery
from jidoka.runtime.link import Incoming
from jidoka.runtime.testing import SCOPE, TIMESCALEDB, TIMESCALEDB_INSTALLED, Postgres, postgres, until
from jidoka.schemas import (
    Box,
    CameraVerdict,
    Custody,
    Decision,
    Defect,
    Evidence,
    Inspection,
    Message,
    ModelRef,
    PartArrived,
    Reason,
    Ruling,
    Stream,
    TagBatch,
    Timings,
    Verdict,
    encode,
    new_id,
)

ENGINES: list[Engine] = ["postgresql", "timescaledb"] if TIMESCALEDB_INSTALLED else ["postgresql"]
# no background workers: they would hold the template databases, and tests call what they would do
IDLE_TIMESCALEDB = f"{TIMESCALEDB}timescaledb.max_background_workers = 0\n"
FAST = "fsync = off\nmax_locks_per_transaction = 256\n"
JPEG = b"\xff\xd8\xff\xe0 picture \xff\xd9"
SHA = hashlib.sha256(JPEG).hexdigest()


class Source:
    """A publisher: numbers its records and makes deliveries of them."""

    def __init__(self, name: str = "plc-gateway-1") -> None:
        self.name, self.epoch = name, str(new_id())
        self._seqs = {stream: count(1) for stream in Stream}

    def restart(self) -> None:
        """A new epoch."""
        self.epoch = str(new_id())
        self._seqs = {stream: count(1) for stream in Stream}

    def custody(self, stream: Stream = Stream.FACTS) -> Custody:
        return Custody(self.name, stream, self.epoch, next(self._seqs[stream]))

    def send(self, *messages: Message) -> list[Delivery]:
        """Deliveries of new records."""
        return [self.deliver(message, self.custody(message.stream or Stream.FACTS)) for message in messages]

    @staticmethod
    def deliver(message: Message, custody: Custody | None) -> Delivery:
        return delivery(Incoming(encode(message, SCOPE, custody), qos=1))


class Record:
    """A database with a writer that has its lock."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url, self.folder = url, folder
        self.open()

    def open(self) -> None:
        """As after a start."""
        self.database = Database(self.url, "test")
        until(self.database.lead, what="the lock, which the server gives back a moment after its holder is gone,")
        self.writer = Writer(self.database, Attempts(self.folder), Store(Retention().keep()))
        self.writer.start()

    def restart(self) -> None:
        self.database.close()
        self.open()

    def write(self, deliveries: Sequence[Delivery]) -> list[Committed]:
        self.writer.write(deliveries)
        return self.writer.take()

    def rows(self, query: str, *parameters: object) -> list[Any]:
        with self.database.transaction() as cursor:
            return cursor.execute(query.encode(), parameters).fetchall()

    def one(self, query: str, *parameters: object) -> Any:
        (row,) = self.rows(query, *parameters)
        return row[0] if len(row) == 1 else row


@pytest.fixture(scope="session")
def server() -> Iterator[Postgres]:
    with postgres(FAST + (IDLE_TIMESCALEDB if TIMESCALEDB_INSTALLED else "")) as running:
        yield running


def url_of(server: Postgres, name: str) -> str:
    return f"{server.url.rsplit('/', 1)[0]}/{name}"


@pytest.fixture(scope="session", params=ENGINES)
def template(request: pytest.FixtureRequest, server: Postgres) -> tuple[Engine, str]:
    """A migrated database that tests copy."""
    engine: Engine = request.param
    name = f"template_{engine}"
    with psycopg.connect(server.url, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}".encode())
    with psycopg.connect(url_of(server, name), autocommit=True) as connection:
        migrate(connection, engine)
        with connection.transaction(), connection.cursor() as cursor:
            make_partitions(cursor, datetime.now(UTC))
            apply_retention(cursor, Retention())
    return engine, name


_numbers = count(1)


@pytest.fixture
def engine(template: tuple[Engine, str]) -> Engine:
    return template[0]


@pytest.fixture
def database_url(server: Postgres, template: tuple[Engine, str]) -> Iterator[str]:
    name = f"test_{next(_numbers)}"
    with psycopg.connect(server.url, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name} TEMPLATE {template[1]}".encode())
        yield url_of(server, name)
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


EMPTY = """
DO $$
DECLARE
    one regclass;
BEGIN
    FOR one IN SELECT c.oid FROM pg_class c WHERE relnamespace = 'record'::regnamespace AND relkind IN ('r', 'p')
               AND NOT relispartition AND relname NOT IN ('series', 'rolled') LOOP
        EXECUTE format('DELETE FROM %s', one);
    END LOOP;
    UPDATE record.rolled SET upto = '-infinity';
    ALTER TABLE record.parts DROP CONSTRAINT IF EXISTS odd;
END $$
"""


@pytest.fixture(scope="session")
def shared_url(server: Postgres, template: tuple[Engine, str]) -> str:
    """A database for all tests that only write records: emptying it is quicker than copying the template."""
    name = f"shared_{template[0]}"
    with psycopg.connect(server.url, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name} TEMPLATE {template[1]}".encode())
    return url_of(server, name)


@pytest.fixture
def record(shared_url: str, tmp_path: Path) -> Iterator[Record]:
    with psycopg.connect(shared_url, autocommit=True) as connection:
        connection.execute(EMPTY.encode())
        with connection.transaction(), connection.cursor() as cursor:
            apply_retention(cursor, Retention())
            make_partitions(cursor, datetime.now(UTC))
    made = Record(shared_url, tmp_path)
    yield made
    made.database.close()


@pytest.fixture
def open_record(tmp_path: Path) -> Iterator[Callable[[str], Record]]:
    """A writer of a database of the test's own."""
    made: list[Record] = []

    def opened(url: str) -> Record:
        made.append(Record(url, tmp_path))
        return made[-1]

    yield opened
    for record in made:
        record.database.close()


@pytest.fixture
def source() -> Source:
    return Source()


@pytest.fixture
def other() -> Source:
    return Source("inference-1")


class Make:
    """Messages of one line, all of them now unless a time is given."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC)
        self._counter = count(1)

    def scan(self, at: datetime | None = None, **values: Any) -> TagBatch:
        named = {name.replace("_", "."): value for name, value in values.items()} or {"Process.Temperature": 41.5}
        return TagBatch(plc="plc1", group="process", at=at or self.now, scan_no=next(self._counter), values=named)

    def part(self, part_id: UUID | None = None, at: datetime | None = None, **fields: Any) -> PartArrived:
        number = next(self._counter)
        known: dict[str, Any] = {"serial": f"SN-{number}", "sku": "BOARD-A", "batch": "B7", "cycle_time_ms": 1500.0}
        return PartArrived(
            part_id=part_id or new_id(), station="AOI1", plc="plc1", counter=number, arrived_at=at or self.now,
            deadline_ms=4000.0, **(known | fields),
        )  # fmt: skip

    def decision(self, part: PartArrived, ruling: Ruling = Ruling.ACCEPT, **fields: Any) -> Decision:
        verdict = CameraVerdict(camera="top", inspection_id=new_id(), verdict=Verdict.PASS)
        known: dict[str, Any] = {"reason": Reason.PASSED, "inspections": (verdict,), "confirmed": True}
        return Decision(
            part_id=part.part_id, station=part.station, plc=part.plc, counter=part.counter, ruling=ruling,
            arrived_at=part.arrived_at, decided_at=part.arrived_at + timedelta(milliseconds=100), latency_ms=100.0,
            config_sha256=SHA, **(known | fields),
        )  # fmt: skip

    def inspection(self, part: PartArrived, *defects: str, **fields: Any) -> Inspection:
        box = Box(x=10.5, y=20.0, width=30.0, height=31.25)
        found = tuple(Defect(defect_id=new_id(), defect_class=name, confidence=0.9, box=box) for name in defects)
        known: dict[str, Any] = {
            "inspection_id": new_id(),
            "verdict": Verdict.FAIL if defects else Verdict.PASS,
            "quality_score": 0.1 if defects else 0.9,
            "captured_at": part.arrived_at + timedelta(milliseconds=20),
        }
        return Inspection(
            frame_id=new_id(), part_id=part.part_id, station=part.station, camera="top", defects=found,
            model=ModelRef(name="pcb-defects", version="1", sha256=SHA), config_sha256=SHA, width=640, height=640,
            inspected_at=part.arrived_at + timedelta(milliseconds=80),
            timings=Timings(queue=2.0, decode=3.0, prepare=1.0, model=60.0, finish=0.5), **(known | fields),
        )  # fmt: skip

    @staticmethod
    def evidence(inspection: Inspection, image: bytes = JPEG, sha256: str | None = None) -> Evidence:
        return Evidence(
            frame_id=inspection.frame_id, inspection_id=inspection.inspection_id, part_id=inspection.part_id,
            station=inspection.station, camera=inspection.camera, verdict=inspection.verdict,
            captured_at=inspection.captured_at, width=640, height=640,
            sha256=sha256 or hashlib.sha256(image).hexdigest(), image=image,
        )  # fmt: skip


@pytest.fixture
def make() -> Make:
    return Make()
