"""From a part's arrival in the controller to its verdict in the controller's memory, the whole line running."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests/support"))

from line_stack import Stack, line_stack, wait_for

from figures import spread

PARTS = 200


def main() -> None:
    """Prints the whole and its parts."""
    with line_stack(takt_ms=700) as line:
        wait_for("parts", lambda: line.simulator("account")["AOI1"]["Counter"] >= PARTS, 600)
        line.drain()
        rows = _rows(line)
    if not rows:
        sys.exit("verdict: no part had both a verdict in time and an inspection")
    print(f"verdict over {len(rows)} parts, from arrival in the controller to verdict in its memory:")
    for name in ("whole", "scan wait", "capture", "model", "rest"):
        print(f"  {name:10s} {spread([row[name] for row in rows])}")
    print("  goal for the rest: p50 at most 10 ms, p99 at most 40 ms")


def _rows(line: Stack) -> list[dict[str, float]]:
    whole = {row["sequence"]: row["verdict_ms"] for row in line.truth("AOI1")[20:] if row["verdict_ms"] is not None}
    query = """
        SELECT d.counter, d.latency_ms, i.model_ms,
               extract(epoch FROM i.captured_at - d.arrived_at) * 1000 AS capture_ms
        FROM decisions d JOIN inspections i ON i.part_id = d.part_id AND i.role = 'live'
    """
    rows = []
    for part in line.sql(query):
        if part["counter"] in whole:
            seen, capture, model = part["latency_ms"], float(part["capture_ms"]), part["model_ms"]
            total = whole[part["counter"]]
            parts = {"scan wait": max(0.0, total - seen), "capture": capture, "model": model}
            rows.append({"whole": total, **parts, "rest": total - sum(parts.values())})
    return rows


if __name__ == "__main__":
    main()
