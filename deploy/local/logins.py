"""Database and log-in roles of the local stack, made once PostgreSQL answers."""

import time

import psycopg
from places import Places, StackError
from psycopg import sql

_PATIENCE_S = 60


def make(here: Places, secrets: dict[str, str]) -> None:
    """The database `jidoka`, its owner and the API's log-in; nothing when they are there."""
    with _superuser(here, secrets["postgres"], "postgres") as connection:
        for group in ("jidoka_read", "jidoka_auth"):
            _role(connection, group, sql.SQL("NOLOGIN"))
        _role(connection, "jidoka", _login(secrets["jidoka"], "jidoka_auth, pg_read_all_settings"))
        _role(connection, "jidoka_api", _login(secrets["jidoka_api"], "jidoka_read, jidoka_auth"))
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = 'jidoka'").fetchone():
            connection.execute("CREATE DATABASE jidoka OWNER jidoka")
    with _superuser(here, secrets["postgres"], "jidoka") as connection:
        if connection.execute("SELECT 1 FROM pg_available_extensions WHERE name = 'timescaledb'").fetchone():
            connection.execute("CREATE EXTENSION IF NOT EXISTS timescaledb")


def _superuser(here: Places, password: str, database: str) -> psycopg.Connection:
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        try:
            return psycopg.connect(
                host="127.0.0.1",
                port=here.ports["DATABASE_PORT"],
                user="postgres",
                password=password,
                dbname=database,
                autocommit=True,
                connect_timeout=3,
            )
        except psycopg.OperationalError as error:
            if time.monotonic() > deadline:
                log = here.data / "logs" / "postgres.log"
                raise StackError(f"PostgreSQL does not answer ({str(error).strip()}); see {log}") from error
            time.sleep(0.1)


def _role(connection: psycopg.Connection, name: str, traits: sql.Composable) -> None:
    if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (name,)).fetchone():
        connection.execute(sql.SQL("CREATE ROLE {} {}").format(sql.Identifier(name), traits))


def _login(password: str, groups: str) -> sql.Composable:
    return sql.SQL("LOGIN PASSWORD {} IN ROLE {}").format(sql.Literal(password), sql.SQL(groups))
