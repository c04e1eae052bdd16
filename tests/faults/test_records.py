"""Records through broker, database, historian and publishers killed in overlaps: each is stored exactly once.

The seed is printed; FAULT_SEED repeats a run, FAULT_PARTS sets its length, FAULT_ENGINE names one engine.
"""

import os
import random

import pytest
from record_plant import agree, plant, torment

from jidoka.runtime.testing import ENGINES

PARTS, RATE, AWAY_S = int(os.environ.get("FAULT_PARTS", "2000")), 20, 60.0


@pytest.mark.parametrize("engine", [os.environ["FAULT_ENGINE"]] if "FAULT_ENGINE" in os.environ else ENGINES)
def test_every_record_is_stored_exactly_once(engine: str) -> None:
    seed = int(os.environ.get("FAULT_SEED", str(random.randrange(10**6))))
    print(f"seed {seed}, {engine}")
    with plant(engine, PARTS, RATE) as line:
        kills = torment(line, random.Random(seed), AWAY_S)
        truth = agree(line)
    published = sum(records for records, _ in truth.values())
    most = line.memory["historian"] >> 20
    print(f"seed {seed}, {engine}: {kills} kills, {published} records once each, historian {most} MiB")
    assert kills > 0
