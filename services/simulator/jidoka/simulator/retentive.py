"""The controller's retentive memory: what survives a power cut, as a real controller's does."""

import json
from pathlib import Path
from threading import Lock
from typing import Any

State = dict[str, Any]


class Retentive:
    """A snapshot and the changes since, in one file: a change costs one appended line."""

    def __init__(self, path: Path) -> None:
        self._path, self._lock = path, Lock()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        self.changes = 0

    def load(self) -> list[State]:
        """Snapshot and changes in the order in which they were kept; a line cut by the power failure is left out."""
        lines = self._path.read_text(encoding="utf-8").split("\n")[:-1]
        return [json.loads(line) for line in lines]

    def note(self, change: State) -> None:
        """Keeps one change."""
        with self._lock, self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(change) + "\n")
            self.changes += 1

    def snapshot(self, state: State) -> None:
        """Replaces everything kept so far by this state."""
        fresh = self._path.with_suffix(".new")
        with self._lock:
            fresh.write_text(json.dumps(state) + "\n", encoding="utf-8")
            fresh.replace(self._path)
            self.changes = 0


class Ledger:
    """Every part that left, one JSON line each: the truth that tests hold the database against."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()

    def add(self, line: State) -> None:
        """Appends one part."""
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")

    def drop(self, riding: set[int]) -> None:
        """Takes out parts that are on the belt still: the power went between this line and the controller's memory."""
        lines = self.text().splitlines()
        kept = [line for line in lines if json.loads(line)["sequence"] not in riding]
        if len(kept) < len(lines):
            self._path.write_text("".join(f"{line}\n" for line in kept), encoding="utf-8")

    def text(self) -> str:
        """All lines."""
        return self._path.read_text(encoding="utf-8")
