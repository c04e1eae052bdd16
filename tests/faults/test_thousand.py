"""A thousand parts: inference is killed at part 500, the PLC gateway at 700, the PLC's cable is cut at 800 for a while.

THOUSAND_PARTS sets another length (the faults come at the same shares of it), THOUSAND_TAKT_MS the time between parts:
at least 400, so that fewer than 16 parts are between camera and gate.
"""

import os
import time

import pytest
from line_stack import Stack, line_stack, wait_for

PARTS = int(os.environ.get("THOUSAND_PARTS", "1000"))
TAKT_MS = int(os.environ.get("THOUSAND_TAKT_MS", "450"))
CUT_S = 4.0
RESULTS = ("Accepted", "Rejected", "Held")


@pytest.mark.timeout(3000)
def test_every_part_of_a_thousand_is_accounted_for() -> None:
    with line_stack(takt_ms=TAKT_MS) as line:
        _reach(line, 0.5)
        line.kill("inference")
        _reach(line, 0.7)
        line.kill("plc-gateway")
        _reach(line, 0.8)
        line.simulator("plc", {"do": "cut"})
        time.sleep(CUT_S)  # the length of the fault, not a wait for anything
        line.simulator("plc", {"do": "mend"})
        account = _finish(line)
        rulings = _rulings(line)
        missed = line.sql("SELECT coalesce(sum(count), 0)::int AS n FROM missed_parts")[0]["n"]
        unseen = line.sql(
            "SELECT d.counter FROM decisions d WHERE d.ruling = 'accept' AND NOT EXISTS (SELECT FROM inspections i"
            " WHERE i.part_id = d.part_id AND i.role = 'live' AND i.verdict = 'pass')"
        )
        reasons = line.sql("SELECT reason, count(*) AS n FROM decisions WHERE ruling = 'hold' GROUP BY 1 ORDER BY 1")
        gate = {row["sequence"]: row["ruling"] for row in line.truth("AOI1")}
        parts = line.sql("SELECT count(*) AS n FROM parts")[0]["n"]
        alarms = line.sql("SELECT code FROM alarms WHERE code IN ('ring-too-short', 'parts-missed')")
    print(f"{account['Arrived']} parts, controller {account}, database {_count(rulings)}, missed {missed}")
    print("held:", ", ".join("{reason} {n}".format(**row) for row in reasons))
    assert sum(account[name] for name in RESULTS) == account["Arrived"] == PARTS
    assert len(rulings) == parts == PARTS
    assert (missed, alarms, unseen) == (0, [], [])
    assert rulings == gate
    assert _count(rulings) == {"accept": account["Accepted"], "reject": account["Rejected"], "hold": account["Held"]}


def _reach(line: Stack, share: float) -> None:
    wait_for(f"part {share * PARTS:.0f}", lambda: _counter(line) >= share * PARTS, PARTS * TAKT_MS / 1000 + 60)


def _finish(line: Stack) -> dict[str, int]:
    """Slows down for the last parts, so that the arrivals end with exactly the last one."""
    wait_for("the last parts", lambda: _counter(line) >= PARTS - 3, PARTS * TAKT_MS / 1000 + 60)
    line.simulator("rate", {"takt_ms": 2000})
    wait_for("the last part", lambda: _counter(line) >= PARTS, PARTS * TAKT_MS / 1000 + 60)
    return line.drain()["AOI1"]


def _counter(line: Stack) -> int:
    return int(line.simulator("account")["AOI1"]["Counter"])


def _rulings(line: Stack) -> dict[int, str]:
    rows = line.sql("SELECT counter, ruling FROM decisions ORDER BY counter")
    assert len({row["counter"] for row in rows}) == len(rows), "a part has two decisions"
    return {row["counter"]: row["ruling"] for row in rows}


def _count(rulings: dict[int, str]) -> dict[str, int]:
    return {name: list(rulings.values()).count(name) for name in ("accept", "reject", "hold")}
