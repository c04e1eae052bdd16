"""`make faults`: hundreds of parts while processes are killed at random and in overlap; then every account agrees.

The seed is printed; FAULT_SEED repeats a run, FAULT_PARTS sets its length.
"""

import os
import random
import time

from line_stack import SERVICES, Stack, line_stack, wait_for

PARTS = int(os.environ.get("FAULT_PARTS", "500"))
PROGRAMS = (*SERVICES, "mosquitto", "postgres")
PAIRS = (
    ("historian", "mosquitto"),
    ("postgres", "mosquitto"),
    ("plc-gateway", "mosquitto"),
    ("inference", "historian"),
)


def test_parts_through_overlapping_kills() -> None:
    seed = int(os.environ.get("FAULT_SEED", str(random.randrange(10**6))))
    dice = random.Random(seed)
    kills = 0
    with line_stack(takt_ms=500) as line:
        while _counter(line) < PARTS:
            names = dice.choice(PAIRS) if dice.random() < 0.4 else (dice.choice(PROGRAMS),)
            line.kill(*names)
            kills += len(names)
            time.sleep(dice.uniform(2, 8))  # the spacing of the faults, not a wait for anything
        account = line.drain()["AOI1"]
        _agree(line, account)
        wait_for("empty gap report", lambda: line.sql("SELECT * FROM custody_gaps") == [], 180)
        lost = line.sql("SELECT * FROM lost_records")
    print(f"seed {seed}: {account['Counter']} parts, {kills} kills, account {account}")
    assert lost == []


def _agree(line: Stack, account: dict[str, int]) -> None:
    doubles = line.sql("SELECT counter FROM decisions GROUP BY counter HAVING count(*) > 1")
    decided = {row["counter"]: row["ruling"] for row in line.sql("SELECT counter, ruling FROM decisions")}
    missed = line.sql("SELECT first, last FROM missed_parts")
    gone = {counter for row in missed for counter in range(row["first"], row["last"] + 1)}
    gate = {row["sequence"]: row["ruling"] for row in line.truth("AOI1")}
    accepted = line.sql(
        "SELECT d.counter FROM decisions d WHERE d.ruling = 'accept' AND NOT EXISTS"
        " (SELECT FROM inspections i WHERE i.part_id = d.part_id AND i.role = 'live' AND i.verdict = 'pass')"
    )
    assert (doubles, accepted) == ([], [])
    assert set(decided) | gone == set(range(1, account["Counter"] + 1))
    assert not set(decided) & gone
    assert {counter: ruling for counter, ruling in gate.items() if counter not in gone} == decided


def _counter(line: Stack) -> int:
    try:
        return int(line.simulator("account")["AOI1"]["Counter"])
    except OSError:
        return 0
