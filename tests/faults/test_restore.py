"""A backup of a running line, everything dropped, the backup in its place by the commands of `make`; it goes on."""

import json
import os
import subprocess

import psycopg
import pytest
from line_stack import ROOT, Stack, line_stack, wait_for

from jidoka.runtime.testing import ENGINES

PARTS = "SELECT id, serial, result, created_at FROM parts WHERE result IS NOT NULL ORDER BY id"
IMAGES = "SELECT frame_id, encode(sha256(image), 'hex') AS sha256 FROM images ORDER BY frame_id"


def make(line: Stack, *arguments: str) -> str:
    """One of the commands, for this line."""
    environment = os.environ | {"JIDOKA_DATA": str(line.data), "DATABASE_PORT": str(line.ports["DATABASE_PORT"])}
    command = ["make", "--no-print-directory", *arguments]
    done = subprocess.run(command, cwd=ROOT, env=environment, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.strip()


def drop_database(line: Stack) -> None:
    """With everything in it."""
    password = json.loads((line.data / "secrets.json").read_text())["postgres"]
    where = {"host": "127.0.0.1", "port": line.ports["DATABASE_PORT"], "user": "postgres", "dbname": "postgres"}
    with psycopg.connect(**where, password=password, autocommit=True) as admin:
        admin.execute("DROP DATABASE jidoka WITH (FORCE)")


@pytest.mark.parametrize("engine", ENGINES)
def test_a_backup_under_load_replaces_what_was_dropped_and_the_line_goes_on(engine: str) -> None:
    with line_stack(takt_ms=500, dwell_ms=4000, DATABASE_ENGINE=engine) as line:
        hypertables = line.sql("SELECT bool_or(hypertable) AS used FROM record.series")[0]["used"]
        assert hypertables == (engine == "timescaledb")
        wait_for("thirty parts", lambda: len(line.sql(PARTS)) >= 30, 240)
        before, pictures = line.sql(PARTS), line.sql(IMAGES)
        name = make(line, "backup")
        wait_for("parts after the backup", lambda: len(line.sql(PARTS)) >= len(before) + 10, 240)
        drop_database(line)
        said = make(line, "restore", f"FILE={line.data / 'backups' / f'{name}.dump'}")
        assert said.endswith(f"{name}.dump is in the place of jidoka")
        restored = {row["id"]: row for row in line.sql(PARTS)}
        assert all(restored[row["id"]] == row for row in before)
        assert {row["frame_id"]: row["sha256"] for row in line.sql(IMAGES)}.items() >= {
            row["frame_id"]: row["sha256"] for row in pictures
        }.items()
        wait_for("parts of the line that went on", lambda: len(line.sql(PARTS)) >= len(restored) + 20, 300)
        assert "as noted" in make(line, "restore-drill")
        print(
            f"{engine}: {len(before)} parts and {len(pictures)} images before, {len(line.sql(PARTS))} parts in the end"
        )
