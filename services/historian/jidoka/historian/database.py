"""The historian's one connection. It holds the writer's lock of the line: who loses the connection loses the lock."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self

import psycopg
from psycopg.pq import PipelineStatus, TransactionStatus
from psycopg.rows import TupleRow

from jidoka.historian.sqlstate import Fate, Refused, fate
from jidoka.runtime.errors import ConfigError, TransientError

Connection = psycopg.Connection[TupleRow]
Cursor = psycopg.Cursor[TupleRow]

_TRY_LOCK = "SELECT pg_try_advisory_lock(hashtextextended('jidoka historian', 0))"
LOCK_LINGERS_S = 2.0
_CONNECT: dict[str, Any] = {
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
    "options": "-c TimeZone=UTC -c synchronous_commit=on -c lock_timeout=30s -c statement_timeout=120s",
}


class Displaced(Exception):
    """Another historian writes this line's record now; this process ends and comes back as the standby."""


@contextmanager
def translated() -> Iterator[None]:
    """PostgreSQL's errors as TransientError (wait), Refused (stop); bad data and bugs pass as they are."""
    try:
        yield
    except psycopg.Error as error:
        match fate(error):
            case Fate.WAIT:
                raise TransientError(f"database: {_one_line(error)}") from error
            case Fate.STOP:
                raise Refused(f"{error.sqlstate}: {_one_line(error)}") from error
            case _:
                raise


class Database:
    """Connection with the writer's lock, opened again when it broke."""

    def __init__(self, url: str, name: str) -> None:
        try:
            psycopg.conninfo.conninfo_to_dict(url)
        except psycopg.ProgrammingError as error:
            raise ConfigError("DATABASE_URL is not a PostgreSQL address") from error
        self._url, self._name = url, name
        self._connection: Connection | None = None
        self._led = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def connect(self) -> Connection:
        """The connection without the lock, for commands that write no records."""
        if self._connection is None or self._connection.closed:
            self._connection = psycopg.connect(self._url, autocommit=True, application_name=self._name, **_CONNECT)
        return self._connection

    def lead(self) -> bool:
        """Takes the writer's lock; False while another historian has it."""
        with translated():
            connection = self.connect()
            row = connection.execute(_TRY_LOCK).fetchone()
        if not (row and row[0]):
            self.close()
            return False
        self._led = True
        return True

    @property
    def connection(self) -> Connection:
        """The connection that holds the lock. Raises TransientError, or Displaced when another took the lock over."""
        if self._connection is None or self._connection.closed:
            if self._led and not self._lead_again():
                raise Displaced("another historian has taken over")
            assert self._connection is not None
        return self._connection

    def _lead_again(self) -> bool:
        # the server gives a lock back a moment after its holder is gone
        deadline = time.monotonic() + LOCK_LINGERS_S
        while not (leads := self.lead()) and time.monotonic() < deadline:
            time.sleep(0.05)
        return leads

    @contextmanager
    def transaction(self) -> Iterator[Cursor]:
        """One transaction. Raises TransientError, Refused, or psycopg.Error for bad data."""
        connection = self.connection
        try:
            with translated(), connection.transaction(), connection.cursor() as cursor:
                yield cursor
        finally:
            self._leave_if_unclean(connection)

    def _leave_if_unclean(self, connection: Connection) -> None:
        # psycopg may fail to leave a pipeline ("cannot exit pipeline mode while busy"), and all that follows then fails
        one = connection.pgconn
        if one.transaction_status != TransactionStatus.IDLE or one.pipeline_status != PipelineStatus.OFF:
            connection.close()

    def problem(self) -> str | None:
        """What is wrong with the connection, for readiness."""
        if not self._led:
            return "standby: another historian has the line, or the database was not reached yet"
        return "disconnected" if self._connection is None or self._connection.closed else None

    def close(self) -> None:
        """Gives connection and lock back."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _one_line(error: psycopg.Error) -> str:
    return " ".join(str(error).split())[:300]
