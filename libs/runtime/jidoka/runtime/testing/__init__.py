"""For tests: a bus in memory, and real servers."""

from jidoka.runtime.testing.broker import FakeBroker
from jidoka.runtime.testing.fake import SCOPE, FakeBus
from jidoka.runtime.testing.servers import (
    TIMESCALEDB,
    TIMESCALEDB_INSTALLED,
    Mosquitto,
    Postgres,
    free_port,
    mosquitto,
    postgres,
    until,
)

__all__ = [
    "SCOPE",
    "TIMESCALEDB",
    "TIMESCALEDB_INSTALLED",
    "FakeBroker",
    "FakeBus",
    "Mosquitto",
    "Postgres",
    "free_port",
    "mosquitto",
    "postgres",
    "until",
]
