"""The journal: durable, transactional, one process at a time."""

import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from jidoka.runtime.errors import ConfigError, JournalUnavailable
from jidoka.runtime.journal import Journal

Open = Callable[[str], Journal]


def rows(journal: Journal) -> list[int]:
    with journal.transaction() as db:
        return [value for (value,) in db.execute("SELECT value FROM t ORDER BY value")]


@pytest.fixture
def journal(new_journal: Open) -> Journal:
    journal = new_journal("journal")
    with journal.transaction() as db:
        db.execute("CREATE TABLE t (value INTEGER)")
    return journal


def put(journal: Journal, value: int) -> None:
    with journal.transaction() as db:
        db.execute("INSERT INTO t VALUES (?)", (value,))


def test_a_transaction_is_all_or_nothing(journal: Journal) -> None:
    put(journal, 1)
    with pytest.raises(ValueError, match="no"), journal.transaction() as db:
        db.execute("INSERT INTO t VALUES (2)")
        raise ValueError("no")
    assert rows(journal) == [1]


def test_a_transaction_within_one_joins_it_and_fails_alone(journal: Journal) -> None:
    with journal.transaction():
        put(journal, 1)
        with pytest.raises(ValueError, match="inner"), journal.transaction() as db:
            db.execute("INSERT INTO t VALUES (2)")
            raise ValueError("inner")
        put(journal, 3)
    assert rows(journal) == [1, 3]
    with pytest.raises(ValueError, match="outer"), journal.transaction():
        put(journal, 4)
        raise ValueError("outer")
    assert rows(journal) == [1, 3]


def test_what_waits_for_the_commit_is_called_after_it_and_never_for_what_was_undone(journal: Journal) -> None:
    called: list[str] = []
    with journal.transaction():
        journal.after_commit(lambda: called.append("outer"))
        with pytest.raises(ValueError, match="no"), journal.transaction():
            journal.after_commit(lambda: called.append("undone"))
            raise ValueError("no")
        assert called == []
    journal.after_commit(lambda: called.append("at once"))
    assert called == ["outer", "at once"]


def test_threads_do_not_see_each_others_transactions(journal: Journal) -> None:
    def put_twenty(first: int) -> None:
        for value in range(first, first + 20):
            put(journal, value)

    writers = [threading.Thread(target=put_twenty, args=(first,)) for first in (0, 100, 200, 300)]
    with journal.transaction():
        for writer in writers:
            writer.start()
        put(journal, -1)
        assert rows(journal) == [-1]
    for writer in writers:
        writer.join()
    assert len(rows(journal)) == 81


def test_it_is_there_after_kill_minus_9(tmp_path: Path) -> None:
    path = tmp_path / "j.sqlite"
    program = (
        "import os, signal, sys\nfrom jidoka.runtime.journal import Journal\n"
        f"j = Journal({str(path)!r})\n"
        "with j.transaction() as db: db.execute('CREATE TABLE t AS SELECT 7 AS value')\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", program], check=False, timeout=60, env=environment)
    with Journal(path) as journal:
        assert rows(journal) == [7]


def test_it_is_as_durable_as_promised(journal: Journal) -> None:
    with journal.transaction() as db:
        assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert db.execute("PRAGMA synchronous").fetchone() == (2,)


def test_a_second_process_is_kept_out(journal: Journal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = (
        "import sys\nfrom jidoka.runtime import journal\nfrom jidoka.runtime.errors import ConfigError\n"
        "journal.OTHER_PROCESS_S = 0.1\n"
        f"try: journal.Journal({str(tmp_path / 'journal.sqlite')!r})\n"
        "except ConfigError as error: sys.exit(str(error))"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60, env=environment
    )
    assert done.returncode == 1
    assert "is another process using it?" in done.stderr
    put(journal, 1)
    assert rows(journal) == [1]


def test_a_file_that_is_no_journal_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "j.sqlite"
    path.write_bytes(b"this is not a database, whatever else it may be" * 100)
    before = path.read_bytes()
    with pytest.raises(ConfigError, match="file is not a database"):
        Journal(path)
    assert path.read_bytes() == before
    with pytest.raises(ConfigError, match="journal"):
        Journal(path / "below" / "a-file.sqlite")


def test_a_full_disk_is_waited_for(journal: Journal) -> None:
    with journal.transaction() as db:
        pages = db.execute("PRAGMA page_count").fetchone()[0]
        db.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(JournalUnavailable, match="full"), journal.transaction() as db:
        db.execute("CREATE TABLE big (value BLOB)")
        db.execute("INSERT INTO big VALUES (zeroblob(10000000))")
    with journal.transaction() as db:
        db.execute("PRAGMA max_page_count = 1000000")
    put(journal, 1)
    assert rows(journal) == [1]


def test_a_wrong_statement_is_a_bug_not_an_outage(journal: Journal) -> None:
    with pytest.raises(sqlite3.OperationalError, match="no such table"), journal.transaction() as db:
        db.execute("INSERT INTO absent VALUES (1)")
