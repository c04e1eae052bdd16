"""The journal: one SQLite file per service instance that survives the process and the power."""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from jidoka.runtime.errors import ConfigError, JournalUnavailable

LOG_BYTES = 1100 * 4096  # SQLite begins the log anew after 1,000 pages
OTHER_PROCESS_S = 5.0  # a predecessor may take as long to end
_OUTSIDE = {
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_READONLY,
}


class Journal:
    """SQLite in WAL mode, synchronous FULL: what a transaction wrote is on the disk when its block ends.

    `Journal(None)` lives in memory. One lock: a transaction keeps every other thread out, so keep it short. Raises
    ConfigError when the file is unusable or belongs to a running process.
    """

    def __init__(self, path: Path | str | None) -> None:
        self._path = ":memory:" if path is None else str(path)
        self._lock = threading.RLock()
        self._depth, self._owner = 0, 0
        self._committed: list[Callable[[], None]] = []
        try:
            if path is not None:
                Path(path).parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(
                self._path, isolation_level=None, check_same_thread=False, timeout=OTHER_PROCESS_S
            )
            self._prepare()
            if path is not None:
                self._reserve(Path(f"{path}-wal"))
        except OSError as error:
            raise ConfigError(f"journal {self._path}: {error.strerror}") from error
        except sqlite3.OperationalError as error:
            raise ConfigError(f"journal {self._path}: {error}; is another process using it?") from error
        except sqlite3.DatabaseError as error:
            raise ConfigError(f"journal {self._path}: {error}; it may hold records, so it is not replaced") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _prepare(self) -> None:
        # An exclusive lock: two processes with one journal would number their records alike.
        self._db.execute("PRAGMA locking_mode = EXCLUSIVE")
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.execute("BEGIN IMMEDIATE")
        self._db.execute("COMMIT")

    def _reserve(self, log: Path) -> None:
        # A commit that only overwrites the log waits for the disk once; one that makes the file longer, twice or more.
        if log.exists() and log.stat().st_size >= LOG_BYTES:
            return
        self._db.execute("CREATE TABLE journal_reserve AS SELECT zeroblob(?) AS room", (LOG_BYTES,))
        self._db.execute("DROP TABLE journal_reserve")
        self._db.execute("PRAGMA wal_checkpoint(RESTART)").fetchall()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """One transaction: committed when the block ends well, else rolled back.

        A block within a block of the same thread joins it; if the inner one fails, only its own changes are undone.
        Raises JournalUnavailable when the disk is full or failing.
        """
        with self._lock:
            joined = self._depth > 0
            name = f"level{self._depth}"
            begin, end = (f"SAVEPOINT {name}", f"RELEASE {name}") if joined else ("BEGIN IMMEDIATE", "COMMIT")
            hooks, owner, whole = len(self._committed), self._owner, False
            self._depth += 1
            self._owner = threading.get_ident()
            try:
                self._db.execute(begin)
                yield self._db
                self._db.execute(end)
                whole = True
            except sqlite3.OperationalError as error:
                if _code(error) in _OUTSIDE:
                    raise JournalUnavailable(f"journal {self._path}: {error}") from error
                raise
            finally:
                if not whole:
                    self._undo(name if joined else None)
                    del self._committed[hooks:]
                self._depth, self._owner = self._depth - 1, owner
            called = [] if joined else self._take_hooks()
        for hook in called:
            hook()

    def after_commit(self, hook: Callable[[], None]) -> None:
        """Calls `hook` once this thread's transaction is committed, outside the lock; at once when there is none."""
        # no lock: whoever has nothing to commit must not wait for another thread's disk
        if self._owner == threading.get_ident():
            self._committed.append(hook)
        else:
            hook()

    def close(self) -> None:
        """Closes the file. Nothing may use the journal afterwards."""
        with self._lock:
            self._db.close()

    def _take_hooks(self) -> list[Callable[[], None]]:
        hooks, self._committed = self._committed, []
        return hooks

    def _undo(self, savepoint: str | None) -> None:
        if not self._db.in_transaction:
            return  # SQLite has rolled back by itself, as it does when the disk is full
        if savepoint is None:
            self._db.execute("ROLLBACK")
        else:
            self._db.execute(f"ROLLBACK TO {savepoint}")
            self._db.execute(f"RELEASE {savepoint}")


def _code(error: sqlite3.Error) -> int:
    """SQLite's primary result code; 0 for an error of the Python module's own."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF
