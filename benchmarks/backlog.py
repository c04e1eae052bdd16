"""Scans that waited while the database was away, written from a publisher's outbox while live scans keep coming.

A real publisher (bus, journal, outbox) holds BACKLOG scans of 100 tags when broker, database and historian are there
again; a second one sends ten scans a second all the while. The yardstick is `ingest`'s rate of fresh packets, in the
same run.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg

from figures import quantile
from ingest import CONF, MESSAGES, START, TAGS, historian, memory_of, through_the_bus
from jidoka.runtime.bus import Bus
from jidoka.runtime.journal import Journal
from jidoka.runtime.outbox import Outbox
from jidoka.runtime.testing import ENGINES, SCOPE, WITH_TIMESCALEDB, Mosquitto, mosquitto, postgres
from jidoka.schemas import TagBatch

BACKLOG = int(os.environ.get("BACKLOG_SCANS", "20000"))
LIVE_EVERY_S = 0.1
VALUES = {f"Bench.T{tag:03d}": float(tag) for tag in range(TAGS)}


def main() -> None:
    """Fills an outbox, lets it drain, prints; `publish FOLDER PORT` is the publisher's process."""
    if sys.argv[1:2] == ["publish"]:
        _publish(Path(sys.argv[2]), int(sys.argv[3]))
        return
    with (
        tempfile.TemporaryDirectory(prefix="backlog-") as name,
        mosquitto("max_queued_messages 0\n") as broker,
        postgres(CONF + WITH_TIMESCALEDB) as database,
    ):
        _fill(Path(name))
        with historian(broker, database, ENGINES[-1]) as pid:
            fresh = statistics.median(
                MESSAGES * TAGS / through_the_bus(broker, database, START + timedelta(hours=2 * n)) for n in range(3)
            )
            waits, took = _drain(Path(name), broker)
            memory = memory_of(pid)
        with psycopg.connect(database.url) as connection:
            stored = connection.execute("SELECT upto FROM custody WHERE source = 'backlog-1'").fetchone()
    assert stored == (BACKLOG,), f"{stored} of {BACKLOG} scans are accounted for"
    rate = BACKLOG * TAGS / took
    print(f"backlog: {BACKLOG:,} scans of {TAGS} tags written in {took:.1f} s, {rate:,.0f} samples/s; historian at most"
          f" {memory} MiB (goal 300)")  # fmt: skip
    print(f"backlog: live scans receipted after p50 {quantile(waits, 0.5):.2f} s, max {max(waits):.2f} s meanwhile")
    print(f"backlog: {rate / fresh:.2f} of the rate of fresh packets, {fresh:,.0f} samples/s")


def _scan(number: int, at: datetime) -> TagBatch:
    return TagBatch(plc="bench", group="g", at=at, scan_no=number, values=VALUES)


def _fill(folder: Path) -> None:
    with Journal(folder / "backlog.sqlite") as journal:
        outbox = Outbox(journal, SCOPE, "backlog-1", 2**32)
        for first in range(0, BACKLOG, 500):
            with journal.transaction():
                for number in range(first, min(first + 500, BACKLOG)):
                    outbox.add(_scan(number, START + timedelta(milliseconds=100 * number)))


def _publish(folder: Path, port: int) -> None:
    settings = Mosquitto(port, folder).settings
    with Bus(settings, SCOPE, "bench", "backlog-1", "0", Journal(folder / "backlog.sqlite"), outbox_bytes=2**32) as bus:
        while _waiting(bus):
            time.sleep(0.05)


def _drain(folder: Path, broker: Mosquitto) -> tuple[list[float], float]:
    """How long each live scan waited for its receipt, and how long the backlog took."""
    ended, waits = threading.Event(), list[float]()

    def live() -> None:
        with Bus(broker.settings, SCOPE, "bench", "live-1", "0", Journal(folder / "live.sqlite")) as bus:
            bus.settled(10)
            number = 0
            while not ended.is_set():
                number, began = number + 1, time.monotonic()
                bus.publish(_scan(number, datetime.now(UTC)))
                while _waiting(bus):
                    time.sleep(0.01)
                waits.append(time.monotonic() - began)
                ended.wait(max(0.0, LIVE_EVERY_S - waits[-1]))

    sending = threading.Thread(target=live)
    sending.start()
    began = time.monotonic()
    subprocess.run([sys.executable, __file__, "publish", str(folder), str(broker.port)], check=True, timeout=600)
    took = time.monotonic() - began
    ended.set()
    sending.join()
    return waits, took


def _waiting(bus: Bus) -> int:
    assert bus.outbox
    return sum(one.records for one in bus.outbox.pending().values())


if __name__ == "__main__":
    main()
