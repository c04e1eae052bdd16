"""The database's figures, asked for at each scrape by a log-in that may read statistics and nothing else."""

from collections.abc import Iterator
from typing import Any

import psycopg
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

GAUGES = {
    "jidoka_database_size_bytes": (
        "Size of the database on disk.",
        "SELECT pg_database_size(current_database())",
    ),
    "jidoka_database_connections": (
        "Connections in use.",
        "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'",
    ),
    "jidoka_database_connections_allowed": (
        "Connections that the server allows.",
        "SELECT current_setting('max_connections')::int",
    ),
    "jidoka_database_oldest_transaction_seconds": (
        "Age of the oldest open transaction; it keeps dead rows.",
        "SELECT coalesce(max(extract(epoch FROM now() - xact_start)), 0) FROM pg_stat_activity"
        " WHERE backend_type = 'client backend'",
    ),
    "jidoka_database_waiting_for_locks": (
        "Connections that wait for a lock of another one.",
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'",
    ),
}
COUNTERS = {
    "jidoka_database_deadlocks": (
        "Deadlocks broken.",
        "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()",
    ),
    "jidoka_database_rolled_back": (
        "Transactions rolled back.",
        "SELECT xact_rollback FROM pg_stat_database WHERE datname = current_database()",
    ),
}


def _number(connection: psycopg.Connection[Any], query: str) -> float:
    row = connection.execute(query).fetchone()
    assert row is not None, "each query returns one row"
    return float(row[0])


class DatabaseFigures(Collector):
    """`jidoka_database_up`, and the others while it is 1."""

    def __init__(self, url: str) -> None:
        self._url = url

    def collect(self) -> Iterator[Metric]:
        """Prometheus asks."""
        try:
            figures = self._ask()
        except psycopg.Error:
            figures = []
        yield GaugeMetricFamily("jidoka_database_up", "1 while the database answers queries.", int(bool(figures)))
        yield from figures

    def _ask(self) -> list[Metric]:
        options = "-c statement_timeout=3000"
        with psycopg.connect(self._url, connect_timeout=3, autocommit=True, options=options) as connection:
            return [
                family(name, words, _number(connection, query))
                for figures, family in ((GAUGES, GaugeMetricFamily), (COUNTERS, CounterMetricFamily))
                for name, (words, query) in figures.items()
            ]
