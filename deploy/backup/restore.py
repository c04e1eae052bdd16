"""A dump into a database that is not there yet, and in the place of the running one."""

from datetime import UTC, datetime
from typing import Any

from dump import Dump
from errors import BackupError
from psycopg import Connection, sql
from server import Server

_RIGHTS = """
SELECT held.privilege_type, rolname FROM pg_database, aclexplode(datacl) held
LEFT JOIN pg_roles r ON r.oid = held.grantee WHERE datname = %s
"""


def restore(server: Server, dump: Dump, database: str) -> None:
    """One restoring process: with several, TimescaleDB's tables stay empty. Raises BackupError."""
    if not dump.whole():
        raise BackupError(f"{dump.name} is damaged, or its note is missing")
    with server.connection("postgres") as connection:
        there = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (database,)).fetchone()
        if there:
            raise BackupError(f"the database {database} exists; a dump is never restored over one")
        connection.execute(sql.SQL("CREATE DATABASE {} OWNER jidoka").format(sql.Identifier(database)))
    with server.connection(database) as connection:
        loaded = "SELECT 1 WHERE current_setting('shared_preload_libraries') LIKE '%timescaledb%'"
        timescale = connection.execute(loaded).fetchone()
        if timescale:
            connection.execute("CREATE EXTENSION IF NOT EXISTS timescaledb")
            connection.execute("SELECT timescaledb_pre_restore()")
    try:
        server.load(dump.path, database)
    finally:
        if timescale:
            with server.connection(database) as connection:
                connection.execute("SELECT timescaledb_post_restore()")


def replace(server: Server, dump: Dump) -> str:
    """Restores beside the running database, then changes their names; returns the name of the one that was there.

    Services lose their connections and come back to the restored database. What the publishers' outboxes still hold is
    written again; what they no longer hold and the dump does not have shows in `custody_gaps`.
    """
    moment = datetime.now(UTC).strftime("%Y%m%d%H%M%S")
    fresh, old = f"{server.database}_new_{moment}", f"{server.database}_before_{moment}"
    restore(server, dump, fresh)
    with server.connection("postgres") as connection:
        there = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (server.database,)).fetchone()
        if there:
            _close(connection, server.database)
            _rename(connection, server.database, old)
            _same_rights(connection, old, fresh)
        _close(connection, fresh)
        _rename(connection, fresh, server.database)
        _allow(connection, server.database, allowed=True)
    return old if there else ""


def _same_rights(connection: Connection[Any], old: str, fresh: str) -> None:
    """Who may connect is not in a dump."""
    name = sql.Identifier(fresh)
    rights = connection.execute(_RIGHTS, (old,)).fetchall()
    if rights:
        connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(name))
    for right, role in rights:
        whom = sql.SQL("PUBLIC") if role is None else sql.Identifier(role)
        connection.execute(sql.SQL("GRANT {} ON DATABASE {} TO {}").format(sql.SQL(right), name, whom))


def _close(connection: Connection[Any], database: str) -> None:
    _allow(connection, database, allowed=False)
    connection.execute(
        "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()",
        (database,),
    )


def _allow(connection: Connection[Any], database: str, *, allowed: bool) -> None:
    statement = sql.SQL("ALTER DATABASE {} WITH ALLOW_CONNECTIONS {}")
    connection.execute(statement.format(sql.Identifier(database), sql.SQL("true" if allowed else "false")))


def _rename(connection: Connection[Any], database: str, name: str) -> None:
    connection.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(database), sql.Identifier(name)))
