"""The database server: queries, and the environment that PostgreSQL's own programs need."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import psycopg
from errors import BackupError

HEAD_LINES = 40
NEWER_SETTINGS = (b"SET transaction_timeout = 0;",)


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

    def load(self, dump: Path, database: str) -> None:
        """A dump's SQL through psql, without the settings that a server older than pg_restore does not know."""
        environment = os.environ | self._environment
        reader = ("pg_restore", "--file=-", str(dump))
        writer = (
            "psql",
            "--no-psqlrc",
            "--quiet",
            "--set=ON_ERROR_STOP=1",
            "--output=/dev/null",
            f"--dbname={database}",
        )
        with (
            subprocess.Popen(reader, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as source,
            subprocess.Popen(writer, env=environment, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as target,
        ):
            assert source.stdout and target.stdin and target.stderr, "they are pipes"
            with suppress(BrokenPipeError), target.stdin:
                for line in islice(source.stdout, HEAD_LINES):
                    if line.strip() not in NEWER_SETTINGS:
                        target.stdin.write(line)
                shutil.copyfileobj(source.stdout, target.stdin)
            said = target.stderr.read().decode(errors="replace").strip()
        if source.returncode or target.returncode:
            raise BackupError(f"{dump.name} did not restore: {said[-800:] or 'pg_restore failed'}")

    def run(self, *command: str) -> None:
        """One of PostgreSQL's programs. Raises BackupError with the end of what it said."""
        environment = os.environ | self._environment
        done = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)
        if done.returncode:
            raise BackupError(f"{command[0]} ended with {done.returncode}: {done.stderr.strip()[-800:]}")
