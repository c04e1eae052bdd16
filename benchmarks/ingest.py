"""Tag samples a second from MQTT QoS 1 to committed rows, against a bare binary COPY of the same rows.

Broker, database and historian run with nothing beside them; the packets are made before the clock starts. Three rounds,
each with both; the middle one of each counts.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg

from jidoka.historian.policies import make_partitions
from jidoka.runtime.link import Outgoing
from jidoka.runtime.testing import ENGINES, WITH_TIMESCALEDB, Mosquitto, Postgres, mosquitto, postgres, until
from jidoka.schemas import Packet
from publisher import Publisher, packet_of

ROUNDS, MESSAGES, TAGS = 3, 5_000, 100
START = datetime.now(UTC) - timedelta(days=1)
# as the compose file's database has it
CONF = "shared_buffers = 256MB\nmax_wal_size = 4GB\n"
TOPIC = "jidoka/v1/demo/line1/scans/bench/g"


def main() -> None:
    """Prints both rates and their ratio."""
    engine = ENGINES[-1]
    through, bare = [], []
    with (
        mosquitto("max_queued_messages 0\n") as broker,
        postgres(CONF + WITH_TIMESCALEDB) as database,
        historian(broker, database, engine) as pid,
    ):
        for number in range(ROUNDS):
            begin = START + timedelta(hours=2 * number)
            through.append(MESSAGES * TAGS / through_the_bus(broker, database, begin))
            bare.append(MESSAGES * TAGS / _bare_copy(database, begin + timedelta(hours=1)))
        with psycopg.connect(database.url) as connection:
            (stored,) = connection.execute("SELECT count(*) FROM record.tag_samples").fetchone() or (0,)
        memory = memory_of(pid)
    assert stored == 2 * ROUNDS * MESSAGES * TAGS, f"{stored} rows are in the table"
    rate, alone = statistics.median(through), statistics.median(bare)
    print(f"ingest on {engine}: {rate:,.0f} samples/s from MQTT to commit; historian at most {memory} MiB (goal 300)")
    print(f"ingest: bare COPY {alone:,.0f} rows/s; ratio {rate / alone:.2f} (goal 0.6)")


@contextmanager
def historian(broker: Mosquitto, database: Postgres, engine: str) -> Iterator[int]:
    """A running historian; its process id."""
    with tempfile.TemporaryDirectory(prefix="ingest-") as name:
        (Path(name) / "line.toml").write_text('site = "demo"\nline = "line1"\n')
        where = {"DATABASE_URL": database.url, "DATABASE_ENGINE": engine, "MQTT_PORT": str(broker.port)}
        settings = where | {"HTTP_PORT": "0", "DATA_DIR": name, "LINE_FILE": f"{name}/line.toml"}
        with (Path(name) / "log").open("w") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "jidoka.historian"], env=os.environ | settings, stdout=log, stderr=log
            )
        try:
            until(lambda: '"connected"' in (Path(name) / "log").read_text(), 60, "the historian")
            with psycopg.connect(database.url) as connection, connection.cursor() as cursor:
                make_partitions(cursor, datetime.now(UTC))
            yield process.pid
        finally:
            process.terminate()
            process.wait()


def through_the_bus(broker: Mosquitto, database: Postgres, begin: datetime) -> float:
    """Seconds from the first packet to the commit of the last of MESSAGES scans."""
    source = f"bench-{uuid.uuid4().hex[:8]}"
    packets = list(_packets(source, begin))
    committed = "SELECT 1 FROM custody WHERE source = %s AND upto = %s"
    with Publisher(broker.port, source) as publisher, psycopg.connect(database.url, autocommit=True) as connection:
        began = time.monotonic()
        publisher.publish(packets)
        while not connection.execute(committed, (source, MESSAGES)).fetchone():
            assert time.monotonic() < began + 300, "the last sample was not committed in time"
            time.sleep(0.02)
        return time.monotonic() - began


def _packets(source: str, begin: datetime) -> Iterator[bytes]:
    epoch = str(uuid.uuid4())
    for number in range(1, MESSAGES + 1):
        at = begin + timedelta(milliseconds=10 * number)
        values = {f"Bench.T{tag:03d}": number * 0.001 + tag for tag in range(TAGS)}
        body = {"plc": "bench", "group": "g", "at": at.isoformat(), "scan_no": number, "values": values}
        user = {"schema": "TagBatch/1", "source": source, "stream": "samples", "epoch": epoch, "seq": str(number)}
        packet = Packet(TOPIC, json.dumps(body).encode(), properties=tuple(user.items()))
        yield packet_of(Outgoing(packet), number)


def _bare_copy(database: Postgres, begin: datetime) -> float:
    """The same rows one hour later, in one process, one transaction for each 500 messages' rows."""
    with psycopg.connect(database.url) as connection:
        tags = [row[0] for row in connection.execute("SELECT id FROM tags WHERE plc = 'bench' ORDER BY name")]
        began = time.monotonic()
        for first in range(1, MESSAGES + 1, 500):
            _copy(connection, begin, range(first, first + 500), tags)
            connection.commit()
        return time.monotonic() - began


def _copy(connection: psycopg.Connection, begin: datetime, numbers: range, tags: list[int]) -> None:
    statement = "COPY record.tag_samples (at, value, tag_id) FROM STDIN (FORMAT BINARY)"
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        copy.set_types(["timestamptz", "float8", "int4"])
        for number in numbers:
            at = begin + timedelta(milliseconds=10 * number)
            for index, tag in enumerate(tags):
                copy.write_row((at, number * 0.001 + index, tag))


def memory_of(pid: int) -> int:
    """The most that a process has had in memory, in MiB."""
    lines = Path(f"/proc/{pid}/status").read_text("ascii").splitlines()
    return next(int(line.split()[1]) // 1024 for line in lines if line.startswith("VmHWM"))


if __name__ == "__main__":
    main()
