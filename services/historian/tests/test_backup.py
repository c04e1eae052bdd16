"""A dump made while records come in, everything dropped, the dump in its place: the record goes on as it was."""

import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import psycopg

from jidoka.schemas import KeepPart, new_id

PROGRAM = Path(__file__).resolve().parents[3] / "deploy/backup/main.py"


def backup(url: str, folder: Path, *arguments: str, **more: str) -> str:
    (folder / "url").write_text(url)
    (folder / "dumps").mkdir(exist_ok=True)
    newest = max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    settings = {"DATABASE_URL_FILE": str(folder / "url"), "BACKUP_DIR": str(folder / "dumps")} | more
    environment = os.environ | settings | {"PATH": f"{newest}:{os.environ['PATH']}", "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, str(PROGRAM), *arguments]
    done = subprocess.run(command, check=False, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_dump_under_load_drop_restore_and_go_on(
    database_url: str, tmp_path: Path, source: Any, other: Any, make: Any, open_record: Any
) -> None:
    with psycopg.connect(database_url, autocommit=True) as admin:
        admin.execute("DO $$ BEGIN CREATE ROLE jidoka; EXCEPTION WHEN duplicate_object THEN NULL; END $$")
        admin.execute(f"REVOKE ALL ON DATABASE {database_url.rsplit('/', 1)[1]} FROM PUBLIC".encode())
        admin.execute(f"GRANT CONNECT ON DATABASE {database_url.rsplit('/', 1)[1]} TO jidoka_read".encode())
    record = open_record(database_url)
    parts = [make.part() for _ in range(30)]
    seen = [make.inspection(part, "open") for part in parts]
    keep = KeepPart(part_id=parts[0].part_id, action_id=new_id(), actor="maria", at=make.now)
    record.write(source.send(*parts, make.scan()))
    record.write(other.send(*seen, *map(make.evidence, seen), keep))
    passport = record.one("SELECT part_passport(%s)", parts[0].part_id)
    ended = threading.Event()

    def load() -> None:
        while not ended.is_set():
            record.write(source.send(make.part()))

    writing = threading.Thread(target=load)
    writing.start()
    remote = tmp_path / "elsewhere"
    try:
        name = backup(database_url, tmp_path, "once", BACKUP_REMOTE=str(remote))
    finally:
        ended.set()
        writing.join()
    assert sorted(one.name for one in remote.iterdir()) == [f"{name}.dump", f"{name}.json"]
    assert "30 images" in backup(database_url, tmp_path, "drill")
    record.write(source.send(make.part()))
    record.database.close()
    with psycopg.connect(database_url, autocommit=True) as admin:
        admin.execute("DROP SCHEMA record CASCADE")
    file = tmp_path / "dumps" / f"{name}.dump"
    assert "in the place of" in backup(database_url, tmp_path, "replace", str(file))
    record.open()
    assert record.one("SELECT part_passport(%s)", parts[0].part_id) == passport
    rights = "SELECT has_database_privilege(%s, current_database(), 'CONNECT')"
    assert [record.one(rights, role) for role in ("jidoka_read", "public")] == [True, False]
    before = record.one("SELECT count(*) FROM parts")
    assert before >= 30
    record.write(other.send(make.part(), make.scan()))
    assert record.one("SELECT count(*) FROM parts") == before + 1
    with psycopg.connect(database_url.rsplit("/", 1)[0] + "/postgres", autocommit=True) as admin:
        for (left,) in admin.execute("SELECT datname FROM pg_database WHERE datname LIKE 'test%before%'").fetchall():
            admin.execute(f'DROP DATABASE "{left}" WITH (FORCE)'.encode())
