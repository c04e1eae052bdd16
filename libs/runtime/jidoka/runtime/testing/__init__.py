"""For tests: a bus in memory, and real servers."""

from jidoka.runtime.testing.broker import FakeBroker
from jidoka.runtime.testing.fake import SCOPE, FakeBus
from jidoka.runtime.testing.servers import (
    ENGINES,
    TIMESCALEDB,
    TIMESCALEDB_INSTALLED,
    WITH_TIMESCALEDB,
    Mosquitto,
    Postgres,
    free_port,
    mosquitto,
    postgres,
    until,
)

__all__ = [
    "ENGINES",
    "SCOPE",
    "TIMESCALEDB",
    "TIMESCALEDB_INSTALLED",
    "WITH_TIMESCALEDB",
    "FakeBroker",
    "FakeBus",
    "Mosquitto",
    "Postgres",
    "free_port",
    "mosquitto",
    "postgres",
    "until",
]
