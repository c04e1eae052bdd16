"""Dumps on disk, of the whole database each (one of single hypertables is empty, without an error), and their notes."""

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from counts import counted, hashed
from errors import BackupError
from server import Server
from upload import upload

FORMAT = "jidoka-%Y%m%dT%H%M%SZ"


@dataclass(frozen=True, slots=True)
class Dump:
    """One dump and its note: when it was made, its sha256, and how many rows the tables had then."""

    path: Path

    @property
    def name(self) -> str:
        """Without its ending."""
        return self.path.stem

    @property
    def made_at(self) -> datetime:
        """From its name."""
        return datetime.strptime(self.name, FORMAT).replace(tzinfo=UTC)

    @property
    def size(self) -> int:
        """Bytes."""
        return self.path.stat().st_size

    def note(self) -> dict[str, Any]:
        """What was written beside it; empty when that is missing or damaged."""
        try:
            note = json.loads(self.path.with_suffix(".json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return note if isinstance(note, dict) else {}

    def drilled(self, at: datetime) -> None:
        """Notes that it was restored to prove it."""
        text = json.dumps(self.note() | {"drilled_at": at.timestamp()}, indent=1)
        self.path.with_suffix(".json").write_text(text, encoding="utf-8")

    def whole(self) -> bool:
        """Whether the file is as it was when it was made."""
        return self.note().get("sha256") == _sha256(self.path)


class Dumps:
    """The folder of dumps, and for how many days they are kept."""

    def __init__(self, folder: Path, keep_days: int, remote: str | None = None) -> None:
        self._folder, self._keep, self._remote = folder, timedelta(days=keep_days), remote

    def all(self) -> list[Dump]:
        """Oldest first."""
        return [Dump(path) for path in sorted(self._folder.glob("jidoka-*.dump"))]

    def find(self, name: str | None) -> Dump:
        """By its name or a file's path; the newest when there is no name. Raises BackupError."""
        if name and name.endswith(".dump") and Path(name).is_file():
            return Dump(Path(name))
        found = [dump for dump in self.all() if name in (None, dump.name)]
        if not found:
            raise BackupError(f"there is no dump {name or ''} in {self._folder}")
        return found[-1]

    def make(self, server: Server, now: datetime) -> Dump:
        """A new dump, then the old ones go. Raises BackupError; a half one is never left under a dump's name.

        When the copy elsewhere fails, the dump is here and BackupError says so.
        """
        target = self._folder / f"{now.strftime(FORMAT)}.dump"
        partial = target.with_suffix(".partial")
        try:
            with server.connection() as connection:
                connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
                snapshot = connection.execute("SELECT pg_export_snapshot()").fetchone()
                assert snapshot is not None, "the function returns one row"
                rows, images = counted(connection), hashed(connection)
                command = ("pg_dump", "--format=custom", f"--snapshot={snapshot[0]}", f"--file={partial}")
                server.run(*command, server.database)
            server.run("pg_restore", "--list", f"--file={partial}.list", str(partial))
            note = {"made_at": now.isoformat(), "sha256": _sha256(partial), "rows": rows, "images": images}
            target.with_suffix(".json").write_text(json.dumps(note, indent=1), encoding="utf-8")
            partial.replace(target)
        finally:
            partial.unlink(missing_ok=True)
            partial.with_name(f"{partial.name}.list").unlink(missing_ok=True)
        self._tidy(now)
        if self._remote:
            upload(target, self._remote, self._keep.days)
        return Dump(target)

    def _tidy(self, now: datetime) -> None:
        """The newest stays whatever its age."""
        for dump in self.all()[:-1]:
            if now - dump.made_at > self._keep:
                dump.path.unlink()
                dump.path.with_suffix(".json").unlink(missing_ok=True)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
