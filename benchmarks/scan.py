"""Scanning a Logix controller: 500 tags at 100 ms on time, against bare pycomm3; then 10,000 tags in 4 groups at 1 s.

The gateway is the real service with a real broker; controller, gateway, bare pycomm3 and measurement are processes of
their own. Bare pycomm3 reads the same tags from the same controller all the while, twice a second in the middle between
two scans, so that whatever else the machine does slows both alike and they do not slow each other. SCAN_MINUTES sets
the length of the first part (half a minute when not given).
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests/support"))

from bus_tap import tap
from line_stack import wait_for
from pycomm3 import LogixDriver

from figures import spread
from jidoka.runtime.testing import free_port, mosquitto
from many_tags import name

MINUTES = float(os.environ.get("SCAN_MINUTES", "0.5"))
BARE_PERIOD_S = 0.5
WARM_UP_S = 3.0
HERE = Path(__file__).resolve().parent
TICK = os.sysconf("SC_CLK_TCK")


@dataclass
class Result:
    """One run of the gateway; times in milliseconds."""

    seconds: float
    scans: int
    on_time: float
    gateway_ms: float
    late: list[float]
    cpu: float
    bad: int
    bare: list[float]


def main() -> None:
    """`bare PORT TAGS BEGIN SECONDS` is the process of bare pycomm3; without arguments, the benchmark."""
    if sys.argv[1:2] == ["bare"]:
        port, tags, begin, seconds = sys.argv[2:]
        json.dump(_read_bare(int(port), int(tags), float(begin), float(seconds)), sys.stdout)
    else:
        report()


def report() -> None:
    """Prints both parts; exit status 1 when fewer than 99 % of the first were on time, or a value could not be read."""
    first = measure(500, [(500, 100)], MINUTES * 60, bare=True)
    bare = statistics.fmean(first.bare)
    print(f"scan, 500 tags at 100 ms for {first.seconds / 60:.1f} minutes, {os.cpu_count()} cores:")
    print(f"  on time          {first.on_time:.3%} of {first.scans} scans (goal 99 %)")
    print(f"  late by          {spread(first.late)}")
    print(f"  bare pycomm3     mean {bare:.2f} ms ({spread(first.bare)})")
    print(f"  gateway          mean {first.gateway_ms:.2f} ms a scan, from request to message; ratio", end=" ")
    print(f"{first.gateway_ms / bare:.2f} (goal 1.1)")
    print(f"  gateway's CPU    {first.cpu:.1%} of a core")
    many = measure(10_000, [(2_500, 1000)] * 4, 20.0)
    print("scan, 10,000 tags in 4 groups at 1 s:")
    print(f"  on time          {many.on_time:.3%} of {many.scans} scans, late by {spread(many.late)}")
    print(f"  gateway          mean {many.gateway_ms:.1f} ms a group of 2,500 tags; CPU {many.cpu:.1%} of a core")
    if first.on_time < 0.99 or first.bad or many.bad:
        sys.exit(f"scan: {first.on_time:.3%} on time, {first.bad + many.bad} values that could not be read")


def measure(tags: int, groups: list[tuple[int, int]], seconds: float, *, bare: bool = False) -> Result:
    """Groups are (tags, period in ms). The service runs for `seconds` after it has warmed up."""
    with _controller(tags) as port, mosquitto() as broker, tempfile.TemporaryDirectory() as folder:
        return _gateway(Path(folder), port, broker.port, groups, seconds, bare=bare)


@contextmanager
def _controller(tags: int) -> Iterator[int]:
    command = [sys.executable, str(HERE / "many_tags.py"), str(tags)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin and process.stdout
    try:
        yield int(process.stdout.readline())
    finally:
        process.stdin.close()
        process.wait(20)


@contextmanager
def _bare(port: int, tags: int, begin: float, seconds: float) -> Iterator[list[float]]:
    """Fills the list with the times of bare reads when the block ends; `begin` is a time of the monotonic clock."""
    took: list[float] = []
    command = [sys.executable, __file__, "bare", str(port), str(tags), str(begin), str(seconds)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    yield took
    took += json.loads(process.communicate(timeout=60)[0])


def _read_bare(port: int, tags: int, begin: float, seconds: float) -> list[float]:
    """Milliseconds of each `LogixDriver.read`, as a short script would do it."""
    took = []
    names = [name(number) for number in range(tags)]
    with LogixDriver(f"127.0.0.1:{port}/0") as driver:
        late = time.monotonic() - begin
        for point in range(int(late / BARE_PERIOD_S) + 1, int(seconds / BARE_PERIOD_S)):
            time.sleep(max(0.0, begin + point * BARE_PERIOD_S - time.monotonic()))
            started = time.monotonic()
            answer = driver.read(*names)
            took.append((time.monotonic() - started) * 1000)
            assert all(answer), "bare pycomm3 could not read every tag"
    return took


def _gateway(
    folder: Path, plc: int, broker: int, groups: list[tuple[int, int]], seconds: float, *, bare: bool
) -> Result:
    http = free_port()
    (folder / "line.toml").write_text(_line_file(plc, groups), encoding="utf-8")
    where = {"LINE_FILE": str(folder / "line.toml"), "DATA_DIR": str(folder), "LOG_LEVEL": "warning"}
    where |= {"MQTT_PORT": str(broker), "HTTP_PORT": str(http)}
    with tap(broker, "jidoka/v1/bench/bench/scans/#") as seen:
        process = subprocess.Popen([sys.executable, "-m", "jidoka.plc_gateway"], env={**os.environ, **where})
        try:
            wait_for("a scan of every group", lambda: len(seen.topics()) == len(groups), 60)
            time.sleep(WARM_UP_S)
            first, before = len(seen.seen), _counts(http, process.pid)
            middle = _grid(seen.seen) + 0.55 * groups[0][1] / 1000
            with _bare(plc, groups[0][0], middle, seconds - WARM_UP_S) if bare else nullcontext([]) as alone:
                time.sleep(seconds)
                last, after = len(seen.seen), _counts(http, process.pid)
        finally:
            process.terminate()
            process.wait(20)
    batches = [(topic, json.loads(payload)) for topic, payload, _ in seen.seen[first:last]]
    used = {key: after[key] - before[key] for key in after}
    late, share = _lateness(batches, {f"g{index}": period for index, (_, period) in enumerate(groups)})
    bad = sum(len(body["bad"]) for _, body in batches)
    mean = used["seconds"] / used["scans"] * 1000
    return Result(used["at"], len(batches), share, mean, late, used["cpu"] / used["at"], bad, alone)


def _grid(seen: list[tuple[str, bytes, dict[str, str]]]) -> float:
    """A recent point of the first group's grid, of the monotonic clock, by the fastest scan."""
    bodies = [json.loads(payload) for topic, payload, _ in seen if topic.endswith("/g0")]
    newest, last = bodies[-1]["scan_no"], datetime.fromisoformat(bodies[-1]["at"]).timestamp()
    period = (last - datetime.fromisoformat(bodies[0]["at"]).timestamp()) / max(1, newest - bodies[0]["scan_no"])
    fastest = min(datetime.fromisoformat(b["at"]).timestamp() + (newest - b["scan_no"]) * period for b in bodies)
    return fastest - time.time() + time.monotonic()


def _line_file(port: int, groups: list[tuple[int, int]]) -> str:
    lines = ['site = "bench"', 'line = "bench"', "[[plc]]", 'name = "plc1"', f'host = "127.0.0.1:{port}"']
    start = 0
    for index, (tags, period) in enumerate(groups):
        names = json.dumps([name(number) for number in range(start, start + tags)])
        lines += ["[[plc.group]]", f'name = "g{index}"', f"period_ms = {period}", f"tags = {names}"]
        start += tags
    return "\n".join(lines)


def _lateness(batches: list[tuple[str, dict[str, Any]]], periods: dict[str, int]) -> tuple[list[float], float]:
    """How late each scan's message says it was read, in ms after its point of the grid, and the share on time.

    On time is a scan whose values were there before the next point; one that was left out is not.
    """
    late, points = [], 0
    for group, period in periods.items():
        own = [body for _, body in batches if body["group"] == group]
        offsets = [datetime.fromisoformat(b["at"]).timestamp() * 1000 - b["scan_no"] * period for b in own]
        late += [offset - min(offsets) for offset in offsets]
        points += own[-1]["scan_no"] - own[0]["scan_no"] + 1
    fastest = 1.0  # the grid itself is seen only through the fastest scan; that one took a little, too
    on_time = sum(value < period - fastest for value, period in zip(late, _each(batches, periods), strict=True))
    return late, on_time / points


def _each(batches: list[tuple[str, dict[str, Any]]], periods: dict[str, int]) -> list[int]:
    return [period for group, period in periods.items() for _, body in batches if body["group"] == group]


def _counts(http: int, pid: int) -> dict[str, float]:
    with urllib.request.urlopen(f"http://127.0.0.1:{http}/metrics", timeout=10) as answer:
        rows = [line.rsplit(" ", 1) for line in answer.read().decode().splitlines() if not line.startswith("#")]
    total = {key: sum(float(value) for row, value in rows if row.startswith(f"{key}{{")) for key in _KEYS.values()}
    ticks = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    counted = {short: total[key] for short, key in _KEYS.items()}
    return counted | {"cpu": sum(map(int, ticks)) / TICK, "at": time.monotonic()}


_KEYS = {"seconds": "plc_scan_duration_seconds_sum", "scans": "plc_scan_duration_seconds_count"}


if __name__ == "__main__":
    main()
