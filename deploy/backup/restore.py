"""A dump into a database that is not there yet."""

from dump import Dump
from errors import BackupError
from psycopg import sql
from server import Server


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
