"""Migrations: numbered SQL files, each applied once and in order, under one advisory lock."""

import hashlib
from importlib.resources import files
from typing import Literal

import psycopg
from psycopg.rows import TupleRow

from jidoka.runtime.errors import ConfigError

Connection = psycopg.Connection[TupleRow]
Engine = Literal["auto", "timescaledb", "postgresql"]

_LOCK = "SELECT pg_advisory_lock(hashtextextended('jidoka migrations', 0))"
_UNLOCK = "SELECT pg_advisory_unlock(hashtextextended('jidoka migrations', 0))"
_LOADED = """
SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'timescaledb')
    OR EXISTS (SELECT FROM pg_available_extensions WHERE name = 'timescaledb')
   -- without this right nobody can see the setting, and creating an extension that is not loaded ends the session
   AND CASE WHEN pg_has_role('pg_read_all_settings', 'USAGE')
            THEN current_setting('shared_preload_libraries') ~ '\\ytimescaledb\\y' ELSE false END
"""
_MOVED = """
UPDATE record.line SET database = here.oid, since = now()
FROM (SELECT oid FROM pg_database WHERE datname = current_database()) here WHERE database IS DISTINCT FROM here.oid
"""
_HISTORY = """
CREATE TABLE IF NOT EXISTS public.jidoka_migrations (
    version integer PRIMARY KEY, name text NOT NULL, sha256 text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now()
)
"""


def migrate(connection: Connection, engine: Engine = "auto") -> list[str]:
    """Applies what is missing and returns the names; the connection must be in autocommit.

    The first migration fixes the engine for good. Raises ConfigError when an applied file was changed, when the
    database is newer than this release, or when TimescaleDB is asked for and not there.
    """
    connection.execute(_LOCK)
    try:
        connection.execute("SET client_min_messages = warning; SET statement_timeout = 0")
        return _apply_missing(connection, engine)
    finally:
        if not connection.broken:
            connection.execute("RESET client_min_messages; RESET statement_timeout")
            connection.execute(_UNLOCK)


def _apply_missing(connection: Connection, engine: Engine) -> list[str]:
    connection.execute(_HISTORY)
    rows = connection.execute("SELECT version, sha256 FROM public.jidoka_migrations").fetchall()
    applied: dict[int, str] = dict(rows)
    if not applied:
        _choose_engine(connection, engine)
    scripts = _scripts()
    _check(applied, scripts)
    missing = [(version, name, sql) for version, (name, sql) in sorted(scripts.items()) if version not in applied]
    for version, name, sql in missing:
        with connection.transaction():
            connection.execute(sql.encode())
            connection.execute(
                "INSERT INTO public.jidoka_migrations (version, name, sha256) VALUES (%s, %s, %s)",
                (version, name, _sha256(sql)),
            )
    return [name for _, name, _ in missing]


def _scripts() -> dict[int, tuple[str, str]]:
    folder = files("jidoka.historian") / "sql"
    return {int(file.name[:4]): (file.name, file.read_text("utf-8")) for file in folder.iterdir()}


def _check(applied: dict[int, str], scripts: dict[int, tuple[str, str]]) -> None:
    for version, sha256 in applied.items():
        if version not in scripts:
            raise ConfigError(f"the database has migration {version:04}, which this release does not know: upgrade it")
        name, sql = scripts[version]
        if _sha256(sql) != sha256:
            raise ConfigError(f"migration {name} differs from the one that the database has")


def _choose_engine(connection: Connection, engine: Engine) -> None:
    if engine == "postgresql":
        return
    loaded = connection.execute(_LOADED).fetchone()
    if loaded and loaded[0]:
        try:
            connection.execute("CREATE EXTENSION IF NOT EXISTS timescaledb")
        except psycopg.errors.InsufficientPrivilege as error:
            raise ConfigError("TimescaleDB is loaded; an administrator must create its extension here") from error
        connection.execute("SELECT set_config('jidoka.engine', 'timescaledb', false)")
    elif engine == "timescaledb":
        raise ConfigError("DATABASE_ENGINE is timescaledb, but the server does not load that extension")


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def engine_of(connection: Connection) -> Engine:
    """The engine that the first migration chose."""
    row = connection.execute("SELECT bool_or(hypertable) FROM record.series").fetchone()
    return "timescaledb" if row and row[0] else "postgresql"


def claim_line(connection: Connection, site: str, line: str) -> None:
    """Writes on the first start whose record this is, and when it is in a new database. Raises ConfigError when it is
    another line's.
    """
    connection.execute("INSERT INTO record.line (site, line) VALUES (%s, %s) ON CONFLICT DO NOTHING", (site, line))
    row = connection.execute("SELECT site, line FROM record.line").fetchone()
    if row != (site, line):
        raise ConfigError(f"DATABASE_URL: the database holds the record of {row}, not of {site}/{line}")
    connection.execute(_MOVED)
