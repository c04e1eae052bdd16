"""10,000 parts through kills in overlaps, with the database away for ten minutes: each record is stored exactly once.

The seed is printed; SOAK_SEED repeats a run, SOAK_ENGINE names one engine. An hour without a database, two parts a
second all the while: SOAK_PARTS=8000 SOAK_RATE=2 SOAK_AWAY_S=3600.
"""

import os
import random

import pytest
from record_plant import agree, plant, torment

from jidoka.runtime.testing import ENGINES

PARTS, RATE = int(os.environ.get("SOAK_PARTS", "10000")), int(os.environ.get("SOAK_RATE", "20"))
AWAY_S = float(os.environ.get("SOAK_AWAY_S", "600"))


@pytest.mark.parametrize("engine", [os.environ["SOAK_ENGINE"]] if "SOAK_ENGINE" in os.environ else ENGINES)
def test_parts_through_kills_and_a_database_that_is_away(engine: str) -> None:
    seed = int(os.environ.get("SOAK_SEED", str(random.randrange(10**6))))
    print(f"seed {seed}, {engine}")
    with plant(engine, PARTS, RATE) as line:
        kills = torment(line, random.Random(seed), AWAY_S)
        truth = agree(line)
    published = sum(records for records, _ in truth.values())
    print(f"seed {seed}, {engine}: {kills} kills, {published} records once each")
    print(f"at most {_mebibytes(line.memory)}; grown without the database {_mebibytes(line.grown)}")
    assert kills > 0


def _mebibytes(of: dict[str, int]) -> str:
    return ", ".join(f"{name} {used / 2**20:.0f} MiB" for name, used in of.items())
