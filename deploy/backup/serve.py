"""The long-running container: dumps by schedule, a drill after each, and figures for Prometheus."""

import signal
import sys
import threading
from datetime import UTC, datetime

from drill import drill
from dump import Dumps
from errors import BackupError
from prometheus_client import Counter, Gauge, start_http_server
from schedule import Schedule
from server import Server

ENABLED = Gauge("jidoka_backup_enabled", "1 when backups are made by schedule.")
LAST_DUMP = Gauge(
    "jidoka_backup_last_success_seconds", "When the newest dump was made, Unix time; 0 when there is none."
)
LAST_SIZE = Gauge("jidoka_backup_size_bytes", "Size of the newest dump.")
LAST_DRILL = Gauge("jidoka_backup_drill_last_success_seconds", "When a dump was last restored to prove it, Unix time.")
FAILURES = Counter("jidoka_backup_failures", "Dumps and drills that failed.", ["what"])
COUNT = Gauge("jidoka_backup_dumps", "Dumps kept.")


def serve(server: Server, dumps: Dumps, schedule: Schedule | None, port: int) -> None:
    """Until a signal."""
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    ENABLED.set(schedule is not None)
    for what in ("dump", "drill"):
        FAILURES.labels(what)
    _show(dumps)
    start_http_server(port)
    if schedule is not None and not dumps.all():
        _make(server, dumps)
    while schedule is not None and not ended.is_set():
        due = schedule.after(datetime.now(UTC))
        _say(f"the next dump is due at {due:%Y-%m-%d %H:%M} UTC")
        if not ended.wait((due - datetime.now(UTC)).total_seconds()):
            _make(server, dumps)
    ended.wait()


def _make(server: Server, dumps: Dumps) -> None:
    try:
        dump = dumps.make(server, datetime.now(UTC))
        _say(f"made {dump.name}, {dump.size:,} bytes")
    except (BackupError, OSError) as error:
        FAILURES.labels("dump").inc()
        _say(f"no dump: {error}")
        return
    _show(dumps)
    try:
        _say(drill(server, dump))
    except (BackupError, OSError) as error:
        FAILURES.labels("drill").inc()
        _say(f"the drill failed: {error}")
    _show(dumps)


def _show(dumps: Dumps) -> None:
    made = dumps.all()
    COUNT.set(len(made))
    LAST_DUMP.set(made[-1].made_at.timestamp() if made else 0)
    LAST_SIZE.set(made[-1].size if made else 0)
    LAST_DRILL.set(max((dump.note().get("drilled_at", 0) for dump in made), default=0))


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
