"""The database server: queries, and the environment that PostgreSQL's own programs need."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import unquote, urlsplit

import psycopg
from errors import BackupError


class Server:
    """Reached by the URL of a superuser. The password goes to programs by their environment, never as an argument."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.database = parts.path.lstrip("/")
        self._environment = {
            "PGHOST": parts.hostname or "127.0.0.1",
            "PGPORT": str(parts.port or 5432),
            "PGUSER": unquote(parts.username or "postgres"),
            "PGPASSWORD": unquote(parts.password or ""),
        }

    @contextmanager
    def connection(self, database: str | None = None) -> Iterator[psycopg.Connection[Any]]:
        """Autocommit. Raises BackupError when the server does not answer or refuses."""
        given = {key.removeprefix("PG").lower(): value for key, value in self._environment.items()}
        url = psycopg.conninfo.make_conninfo(dbname=database or self.database, connect_timeout=10, **given)
        try:
            with psycopg.connect(url, autocommit=True) as one:
                yield one
        except psycopg.Error as error:
            raise BackupError(f"{database or self.database}: {str(error).strip()}") from error

    def run(self, *command: str) -> None:
        """One of PostgreSQL's programs. Raises BackupError with the end of what it said."""
        environment = os.environ | self._environment
        done = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)
        if done.returncode:
            raise BackupError(f"{command[0]} ended with {done.returncode}: {done.stderr.strip()[-800:]}")
