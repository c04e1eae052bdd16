"""`kill -9` of each service in turn, and of historian and broker together, while parts run."""

from line_stack import Stack, wait_for

VICTIMS = (
    ("inference",),
    ("vision-gateway",),
    ("plc-gateway",),
    ("historian",),
    ("api",),
    ("simulator",),
    ("postgres",),
    ("mosquitto",),
    ("historian", "mosquitto"),
)


def test_after_every_kill_the_accounts_still_agree(line: Stack) -> None:
    line.simulator("rate", {"takt_ms": 500})
    for names in VICTIMS:
        newest = line.simulator("account")["AOI1"]["Counter"]
        line.kill(*names)
        wait_for(f"{names} again", lambda names=names: all(line.pid(name) for name in names), 30)
        wait_for("parts that go on", lambda newest=newest: _counter(line) >= newest + 4, 60)
    account = line.drain()["AOI1"]
    rulings = {
        row["ruling"]: row["n"] for row in line.sql("SELECT ruling, count(*) AS n FROM decisions GROUP BY ruling")
    }
    counters = line.sql("SELECT counter, count(*) AS n FROM decisions GROUP BY counter HAVING count(*) > 1")
    assert counters == []
    assert rulings.get("accept", 0) == account["Accepted"]
    assert rulings.get("reject", 0) == account["Rejected"]
    assert rulings.get("hold", 0) + _missed(line) == account["Held"]
    assert account["Arrived"] == account["Accepted"] + account["Rejected"] + account["Held"]
    wait_for("empty gap report", lambda: line.sql("SELECT * FROM custody_gaps") == [], 120)


def _counter(line: Stack) -> int:
    try:
        return int(line.simulator("account")["AOI1"]["Counter"])
    except OSError:
        return 0


def _missed(line: Stack) -> int:
    return int(line.sql("SELECT coalesce(sum(count), 0) AS n FROM missed_parts")[0]["n"])
