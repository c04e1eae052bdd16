"""From a part's arrival in the controller to its verdict read back from the controller, the whole line running.

Three waits are not the line's software: for the next look at the counter (`part_poll_ms`), for the camera, and for the
model's own run. All that is left is the rest, printed by where it went. VERDICT_PARTS sets the length.
"""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests/support"))

from line_stack import Stack, line_stack, wait_for

from figures import spread

PARTS = int(os.environ.get("VERDICT_PARTS", "200"))
WARM_UP = 20
_QUERY = """
    SELECT d.counter, d.latency_ms, extract(epoch FROM d.arrived_at) AS seen_at,
           extract(epoch FROM i.captured_at - d.arrived_at) * 1000 AS captured_ms, i.queue_ms, i.model_ms,
           extract(epoch FROM i.inspected_at - d.arrived_at) * 1000 AS inspected_ms
    FROM decisions d JOIN inspections i ON i.part_id = d.part_id AND i.role = 'live'
    WHERE d.confirmed AND d.reason IN ('passed', 'failed')
"""
_WAITS = ("scan wait", "camera", "model")
_REST = ("part to camera", "image to model", "inference's own", "verdict to PLC")


def main() -> None:
    """Prints the whole and its parts."""
    with line_stack(takt_ms=707) as line:
        wait_for("parts", lambda: line.simulator("account")["AOI1"]["Counter"] >= PARTS, 600)
        line.drain()
        rows = _rows(line)
        own = line.metric("plc-gateway", "verdict_write_seconds_sum") * 1000
        count = line.metric("plc-gateway", "verdict_write_seconds_count")
        commits = {service: _mean_commit(line, service) for service in ("plc-gateway", "inference")}
    if not rows:
        sys.exit("verdict: no part had both a verdict in time and an inspection")
    print(
        f"verdict over {len(rows)} parts, from arrival in the controller to verdict read back, {os.cpu_count()} cores:"
    )
    for name in ("whole", *_WAITS, "rest"):
        print(f"  {name:16s} {spread([row[name] for row in rows])}")
    print("  the rest went into:")
    for name in _REST:
        print(f"    {name:16s} {spread([row[name] for row in rows])}")
    print(f"  of the last, from ruling to read back: mean {own / count:.1f} ms")
    disk = ", ".join(f"in {service} {mean:.1f} ms" for service, mean in commits.items())
    print(f"  a part waits twice for the disk; a commit takes, mean, {disk}")
    print("  goal for the rest: p50 at most 10 ms, p99 at most 40 ms")


def _mean_commit(line: Stack, service: str) -> float:
    name = "jidoka_outbox_commit_seconds"
    return line.metric(service, f"{name}_sum") / max(1.0, line.metric(service, f"{name}_count")) * 1000


def _rows(line: Stack) -> list[dict[str, float]]:
    truth = {row["sequence"]: row for row in line.truth("AOI1")[WARM_UP:] if row["arrived_at"] and row["camera_ms"]}
    parts = [{name: float(value) for name, value in part.items()} for part in line.sql(_QUERY)]
    return [_row(truth[int(part["counter"])], part) for part in parts if int(part["counter"]) in truth]


def _row(truth: dict[str, float], part: dict[str, float]) -> dict[str, float]:
    waits = {
        "scan wait": max(0.0, part["seen_at"] - truth["arrived_at"]) * 1000,
        "camera": truth["camera_ms"],
        "model": part["model_ms"],
    }
    whole = waits["scan wait"] + part["latency_ms"]
    own = {
        "part to camera": part["captured_ms"] - waits["camera"],
        "image to model": part["queue_ms"],
        "inference's own": part["inspected_ms"] - part["captured_ms"] - part["queue_ms"] - part["model_ms"],
        "verdict to PLC": part["latency_ms"] - part["inspected_ms"],
    }
    return {"whole": whole, **waits, "rest": whole - sum(waits.values()), **own}


if __name__ == "__main__":
    main()
