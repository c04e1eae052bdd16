"""PostgreSQL: two small pools, and what to answer while it is away."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import psycopg
from psycopg import AsyncConnection
from psycopg.conninfo import make_conninfo
from psycopg.rows import DictRow, dict_row
from psycopg_pool import AsyncConnectionPool, PoolClosed, PoolTimeout, TooManyRequests

from jidoka.api.problems import Problem, Unavailable
from jidoka.runtime.logs import log

Connection = AsyncConnection[DictRow]
Pool = AsyncConnectionPool[Connection]

PROBE_S = 1.0
WAIT_S = 2.0
AWAY = (psycopg.OperationalError, psycopg.InterfaceError, PoolTimeout, PoolClosed, TooManyRequests, TimeoutError)
NOT_MIGRATED = (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn, psycopg.errors.InvalidSchemaName)


class Database:
    """`reading` gives a read-only transaction, `writing` one on the schema `auth`.

    `prepare` runs once PostgreSQL answers, and again until it succeeds; `error` says why nothing can be read now.
    """

    def __init__(self, url: str, connections: int, statement_timeout_ms: int) -> None:
        self.error: str | None = "not connected yet"
        self._limit_s = statement_timeout_ms / 1000 + 1
        # many small queries: compiling one costs more than running it
        options = f"-c statement_timeout={statement_timeout_ms} -c TimeZone=UTC -c jit=off"
        self._reads = _pool(url, f"{options} -c default_transaction_read_only=on", connections)
        self._writes = _pool(url, options, 4)

    async def run(self, prepare: Callable[[Connection], Awaitable[None]]) -> None:
        """Keeps the pools and `error` current until cancelled."""
        prepared = False
        async with self._reads, self._writes:
            while True:
                try:
                    prepared = await self._probe(None if prepared else prepare)
                    self._note(None)
                except AWAY as error:
                    self._note(f"the database does not answer: {type(error).__name__}")
                except psycopg.Error as error:
                    self._note(f"the database is not ready: {str(error).splitlines()[0]}")
                await asyncio.sleep(PROBE_S)

    async def _probe(self, prepare: Callable[[Connection], Awaitable[None]] | None) -> bool:
        if prepare is not None:
            async with asyncio.timeout(30), self._writes.connection(timeout=WAIT_S) as connection:
                await prepare(connection)
        async with asyncio.timeout(WAIT_S * 2), self._reads.connection(timeout=WAIT_S) as connection:
            await connection.execute("SELECT 1")
        return True

    def _note(self, error: str | None) -> None:
        if (error is None) != (self.error is None):
            log.info("database_answers" if error is None else "database_away", error=error)
        self.error = error

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Connection]:
        """A read-only transaction. Raises Unavailable."""
        async with self._use(self._reads) as connection:
            yield connection

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[Connection]:
        """A transaction that may change the schema `auth`. Raises Unavailable."""
        async with self._use(self._writes) as connection:
            yield connection

    @asynccontextmanager
    async def _use(self, pool: Pool) -> AsyncIterator[Connection]:
        if self.error is not None:
            raise Unavailable(self.error)
        try:
            async with asyncio.timeout(self._limit_s), pool.connection(timeout=WAIT_S) as connection:
                yield connection
        except psycopg.errors.QueryCanceled as error:
            raise Unavailable("the query took too long; ask for less", 5) from error
        except NOT_MIGRATED as error:
            raise Unavailable("the database is being migrated", 5) from error
        except psycopg.errors.DataError as error:
            raise Problem(422, f"the database refuses a value: {str(error).splitlines()[0]}") from error
        except AWAY as error:
            raise Unavailable(f"the database does not answer: {type(error).__name__}") from error


def _pool(url: str, options: str, size: int) -> Pool:
    conninfo = make_conninfo(
        url, options=options, connect_timeout=3, keepalives_idle=5, keepalives_interval=2, keepalives_count=3,
        tcp_user_timeout=5000, application_name="jidoka-api",
    )  # fmt: skip
    # a pool that gave up connecting tries again when asked, and the probe asks each second
    return AsyncConnectionPool(
        conninfo, min_size=1, max_size=size, open=False, reconnect_timeout=1.0, max_waiting=200,
        check=Pool.check_connection, kwargs={"row_factory": dict_row}, connection_class=AsyncConnection[DictRow],
    )  # fmt: skip


async def rows(
    connection: Connection, sql: str, values: dict[str, Any] | None = None, *, binary: bool = False
) -> list[DictRow]:
    """All rows of a query whose text is a constant of this package; `values` are bound.

    `binary` saves the server from writing a thousand times and numbers out as text.
    """
    return await (await connection.execute(sql.encode(), values or {}, binary=binary)).fetchall()


async def row(connection: Connection, sql: str, values: dict[str, Any] | None = None) -> DictRow | None:
    """The first row of a query, or None."""
    return await (await connection.execute(sql.encode(), values or {})).fetchone()
