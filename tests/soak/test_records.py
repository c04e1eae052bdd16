"""10,000 parts through kills in overlaps, with the database away for ten minutes: each record is stored exactly once.

The seed is printed; SOAK_SEED repeats a run, SOAK_ENGINE names one engine.
"""

import os
import random
from pathlib import Path

import pytest
from record_plant import agree, plant, torment

PARTS, RATE, AWAY_S = int(os.environ.get("SOAK_PARTS", "10000")), 20, float(os.environ.get("SOAK_AWAY_S", "600"))
INSTALLED = any(Path("/usr/share/postgresql").glob("*/extension/timescaledb.control"))
ENGINES = ["postgresql", "timescaledb"] if INSTALLED else ["postgresql"]


@pytest.mark.parametrize("engine", [os.environ["SOAK_ENGINE"]] if "SOAK_ENGINE" in os.environ else ENGINES)
def test_ten_thousand_parts_and_a_database_away_for_ten_minutes(engine: str) -> None:
    seed = int(os.environ.get("SOAK_SEED", str(random.randrange(10**6))))
    print(f"seed {seed}, {engine}")
    with plant(engine, PARTS, RATE) as line:
        kills = torment(line, random.Random(seed), AWAY_S)
        truth = agree(line)
    published = sum(records for records, _ in truth.values())
    print(f"seed {seed}, {engine}: {kills} kills, {published} records once each, historian {line.memory >> 20} MiB")
    assert kills > 0
