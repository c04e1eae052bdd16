"""Events to many WebSocket clients: the API's, beside the broker's own WebSocket listener, with one compiled client.

Both get the same tag scans of one publisher; a delivery is one scan at one client. CPU is the whole process's: reading
from the broker, decoding and keeping the picture are in the API's, as routing is in the broker's.
"""

import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from jidoka.runtime.bus import Bus
from jidoka.runtime.journal import Journal
from jidoka.runtime.testing import free_port
from jidoka.schemas import Scope, TagBatch
from plant import Plant, cpu_seconds, plant

CLIENTS, RATE, SECONDS, MANY = 200, 50, 20, 1000
MARKER = '"Bench.Sent":'
HERE = Path(__file__).resolve().parent


@dataclass
class Crowd:
    """One process of the compiled client."""

    process: subprocess.Popen[str]

    def go(self) -> None:
        """Counts from now."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write("go\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline() == "going\n"

    def end(self) -> dict[str, Any]:
        """Leaves; what it saw."""
        out, _ = self.process.communicate(timeout=60)
        told: dict[str, Any] = json.loads(out)
        return told


def main() -> None:
    """Prints latencies, CPU per delivery and its ratio, memory, and what a deaf client does to the others."""
    compiler = shutil.which("cc")
    if compiler is None:
        sys.exit("fanout: needs a C compiler (cc) for its client")
    with tempfile.TemporaryDirectory() as folder:
        client = str(Path(folder) / "client")
        source = str(HERE / "fanout_client.c")
        subprocess.run([compiler, "-O2", "-D_GNU_SOURCE", "-o", client, source], check=True)
        listener = free_port()
        lines = f"listener {listener} 127.0.0.1\nprotocol websockets\n"
        with plant(lines, WS_MAX_CONNECTIONS="2000") as line:
            _compare(client, line, listener)
            _many(client, line)


def _compare(client: str, line: Plant, listener: int) -> None:
    broker = line.broker.process
    assert broker is not None
    ours, ours_cpu = _measure(line, _join(client, line.port, _paths(line, CLIENTS)), line.process)
    _report(f"API, {CLIENTS} clients x {RATE} events/s", ours, ours_cpu)
    theirs, theirs_cpu = _measure(line, _join(client, listener, ["/mqtt"] * CLIENTS, mqtt=True), broker)
    _report(f"mosquitto's WebSocket listener, {CLIENTS} clients x {RATE} events/s", theirs, theirs_cpu)
    ratio = ours_cpu / theirs_cpu
    print(f"fanout: p99 {ours['p99']:.1f} ms (goal 100), CPU per delivery {ratio:.2f} x the broker's (goal 2)")
    deaf, deaf_cpu = _measure(line, _join(client, line.port, _paths(line, CLIENTS), deaf=1), line.process, big=True)
    _report(f"API, one of {CLIENTS} clients does not read, scans of 40 kB", deaf, deaf_cpu)
    print(f"fanout: slow clients closed so far: {_metric(line, 'jidoka_api_slow_clients_total'):.0f}")


def _many(client: str, line: Plant) -> None:
    before = _memory(line)
    crowd = _join(client, line.port, _paths(line, MANY))
    told, cpu = _measure(line, crowd, line.process, rate=5, memory=(memory := []))
    _report(f"API, {MANY} clients x 5 events/s", told, cpu)
    print(f"fanout: memory {before / 1e6:.0f} MB alone, {max(memory) / 1e6:.0f} MB with {MANY} clients (goal 500)")


def _measure(
    line: Plant, crowd: Crowd, process: subprocess.Popen[bytes], *, rate: int = RATE, big: bool = False,
    memory: list[int] | None = None,
) -> tuple[dict[str, Any], float]:  # fmt: skip
    """What the clients saw, and microseconds of CPU per delivery."""
    crowd.go()
    begun = cpu_seconds(process)
    sent = _publish(line, rate, big)
    if memory is not None:
        memory.append(_memory(line))
    spent = cpu_seconds(process) - begun
    told = crowd.end()
    readers = told["clients"] - (1 if big else 0)
    assert told["messages"] == sent * readers, f"{told['messages']} of {sent * readers} deliveries came"
    return told, spent / told["messages"] * 1e6


def _publish(line: Plant, rate: int, big: bool) -> int:
    padding = "x" * 200 if big else ""
    with Bus(line.broker.settings, Scope("demo", "line1"), "bench", "bench-1", "0", Journal(None)) as bus:
        assert bus.settled(10)
        begun = time.monotonic()
        for number in range(rate * SECONDS):
            time.sleep(max(0.0, begun + number / rate - time.monotonic()))
            tags: dict[str, Any] = {f"Bench.T{tag:02d}": tag + number * 0.25 for tag in range(10)}
            tags |= {f"Bench.Text{tag:03d}": f"{number}{padding}" for tag in range(180 if big else 0)}
            values = {"Bench.Sent": float(time.time_ns() // 1000), **tags}
            bus.publish(TagBatch(plc="bench", group="g", at=datetime.now(UTC), scan_no=number + 1, values=values))
        time.sleep(1.0)
    return rate * SECONDS


def _join(client: str, port: int, paths: Sequence[str], *, mqtt: bool = False, deaf: int = 0) -> Crowd:
    command = [client, str(port), str(deaf), "1" if mqtt else "0", MARKER]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("\n".join([*paths, "", ""]))
    process.stdin.flush()
    assert process.stdout.readline() == "ready\n", "the clients did not get in"
    return Crowd(process)


def _paths(line: Plant, clients: int) -> list[str]:
    with httpx.Client(base_url=line.url) as http:
        tickets = [http.post("/api/v1/ws-ticket").json()["ticket"] for _ in range(clients)]
    return [f"/api/v1/ws?ticket={ticket}" for ticket in tickets]


def _report(what: str, told: dict[str, Any], cpu: float) -> None:
    size = told["bytes"] / told["messages"]
    print(
        f"{what}: {told['messages']} deliveries of {size:.0f} bytes, p50 {told['p50']:.1f} ms, "
        f"p99 {told['p99']:.1f} ms, max {told['max']:.1f} ms, "
        f"CPU {cpu:.1f} us a delivery, {told['lost']} connections lost"
    )


def _memory(line: Plant) -> int:
    resident: int = httpx.get(f"{line.url}/api/health/memory").json()["resident"]
    return resident


def _metric(line: Plant, name: str) -> float:
    text = httpx.get(f"{line.url}/metrics").text
    return sum(float(row.split()[-1]) for row in text.splitlines() if row.startswith(f"{name} "))


if __name__ == "__main__":
    main()
