"""Backup: dumps by schedule, kept for their time, proven by a restore, against a real PostgreSQL."""

import importlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from jidoka.runtime.testing import Postgres, postgres

AT = datetime(2026, 3, 14, 10, 7, 31, tzinfo=UTC)


@pytest.fixture(scope="module")
def modules(deploy: Path) -> Iterator[None]:
    """The backup's modules, which import each other by their bare names as they do in their container."""
    names = {path.stem for path in (deploy / "backup").glob("*.py")}
    sys.path.insert(0, str(deploy / "backup"))
    yield
    sys.path.remove(str(deploy / "backup"))
    for name in names:
        sys.modules.pop(name, None)


@pytest.mark.parametrize(
    ("text", "due"),
    [
        ("15 2 * * *", datetime(2026, 3, 15, 2, 15, tzinfo=UTC)),
        ("*/15 * * * *", datetime(2026, 3, 14, 10, 15, tzinfo=UTC)),
        ("0 0 1 1 *", datetime(2027, 1, 1, tzinfo=UTC)),
        ("0 12 * * 1-5", datetime(2026, 3, 16, 12, tzinfo=UTC)),
        ("30 6 * * 7", datetime(2026, 3, 15, 6, 30, tzinfo=UTC)),
        ("0 6 1 * 0", datetime(2026, 3, 15, 6, tzinfo=UTC)),
        ("0 0 29 2 *", datetime(2028, 2, 29, tzinfo=UTC)),
        ("5,50 10,22 * * *", datetime(2026, 3, 14, 10, 50, tzinfo=UTC)),
    ],
)
def test_the_next_time_is_crons(modules: None, text: str, due: datetime) -> None:
    assert importlib.import_module("schedule").Schedule(text).after(AT) == due


@pytest.mark.parametrize("text", ["", "* * * *", "60 * * * *", "a * * * *", "5-1 * * * *", "*/0 * * * *", "0 0 30 2 *"])
def test_what_is_no_schedule_is_refused(modules: None, text: str) -> None:
    with pytest.raises(importlib.import_module("errors").BackupError, match="BACKUP_SCHEDULE"):
        importlib.import_module("schedule").Schedule(text).after(AT)


class Backup:
    """The backup program on a database with a few parts."""

    def __init__(self, program: Path, server: Postgres, folder: Path) -> None:
        self._program, self.folder, self.url = program, folder, server.url
        self._secret = folder.parent / "url"
        self._secret.write_text(server.url)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        newest = max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
        environment = {
            **os.environ,
            "PATH": f"{newest}:{os.environ['PATH']}",
            "DATABASE_URL_FILE": str(self._secret),
            "BACKUP_DIR": str(self.folder),
            "BACKUP_RETENTION": "30",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        command = [sys.executable, str(self._program), *arguments]
        return subprocess.run(command, check=False, env=environment, capture_output=True, text=True)

    def sql(self, *queries: str) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            for query in queries:
                connection.execute(query)


@pytest.fixture(scope="module")
def backup(deploy: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backup]:
    folder = tmp_path_factory.mktemp("work") / "backups"
    folder.mkdir()
    with postgres() as server:
        made = Backup(deploy / "backup" / "main.py", server, folder)
        made.sql(
            "DO $$ BEGIN CREATE ROLE jidoka LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$",
            "CREATE TABLE IF NOT EXISTS parts (id int)",
            "TRUNCATE parts",
            "INSERT INTO parts SELECT generate_series(1, 500)",
        )
        yield made


def test_a_dump_restores_with_the_rows_that_were_noted(backup: Backup) -> None:
    name = backup.run("once").stdout.strip()
    note = json.loads((backup.folder / f"{name}.json").read_text())
    said = backup.run("drill")
    assert note["rows"] == {"parts": 500}
    assert (said.returncode, said.stdout.strip()) == (0, f"{name}: 500 rows in 1 tables, as noted")
    assert "drilled_at" in json.loads((backup.folder / f"{name}.json").read_text())


def test_a_drill_notices_missing_rows(backup: Backup) -> None:
    name = backup.run("once").stdout.strip()
    path = backup.folder / f"{name}.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"rows": {"parts": 501}}))
    said = backup.run("drill", name)
    assert said.returncode != 0
    assert "(501, 500)" in said.stderr


def test_a_damaged_dump_is_not_restored(backup: Backup) -> None:
    name = backup.run("once").stdout.strip()
    with (backup.folder / f"{name}.dump").open("r+b") as file:
        file.seek(100)
        file.write(b"damage")
    said = backup.run("restore", name, "elsewhere")
    assert "damaged" in said.stderr
    assert "DAMAGED" in backup.run("list").stdout


def test_a_dump_is_never_restored_over_a_database(backup: Backup) -> None:
    with psycopg.connect(backup.url) as connection:
        there = connection.info.dbname
    said = backup.run("restore", backup.run("once").stdout.strip(), there)
    assert said.returncode != 0
    assert f"the database {there} exists" in said.stderr


def test_old_dumps_go_and_the_newest_stays(backup: Backup) -> None:
    whole = backup.run("once").stdout.strip()
    old = (datetime.now(UTC) - timedelta(days=40)).strftime("jidoka-%Y%m%dT%H%M%SZ")
    young = (datetime.now(UTC) - timedelta(days=10)).strftime("jidoka-%Y%m%dT%H%M%SZ")
    for name in (old, young):
        shutil.copy(backup.folder / f"{whole}.dump", backup.folder / f"{name}.dump")
    backup.run("once")
    names = [line.split()[0] for line in backup.run("list").stdout.splitlines()]
    assert old not in names
    assert young in names


def test_without_a_database_there_is_no_half_dump(backup: Backup, tmp_path: Path) -> None:
    before = sorted(backup.folder.iterdir())
    backup._secret.write_text("postgresql://nobody:wrong@127.0.0.1:1/jidoka")
    said = backup.run("once")
    backup._secret.write_text(backup.url)
    assert said.returncode != 0
    assert said.stderr.startswith("backup: ")
    assert sorted(backup.folder.iterdir()) == before
