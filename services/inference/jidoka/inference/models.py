"""The models in use; a replaced file is tried, loaded beside the old one, and taken over between two frames."""

import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

from jidoka.inference.errors import ModelRefused
from jidoka.inference.model import Model

Load = Callable[[Path], Model]
Refused = Callable[[Path, str], None]
LONGEST_RUN = 10.0
Stamp = tuple[int, int, int]


class Models:
    """One model per file. `load` tries and loads; `refused` hears of a file that is not taken over, and why."""

    def __init__(self, paths: Iterable[Path], load: Load, refused: Refused, every: float = 0.5) -> None:
        self._load, self._refused, self._every = load, refused, every
        self._stamps: dict[Path, Stamp | None] = {path: _stamp(path) for path in paths}
        self._current = {path: load(path) for path in self._stamps}
        self._seen = dict(self._stamps)
        self._stop = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="models", daemon=True)

    def __enter__(self) -> Self:
        self._watcher.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._watcher.join(timeout=5)

    def current(self, path: Path) -> Model:
        """The model of a file, as it is now; ask once a frame."""
        return self._current[path]

    def alive(self) -> bool:
        """Whether replaced files are still noticed."""
        return self._watcher.is_alive()

    def trouble(self) -> str | None:
        """Nothing: a refused file is an alarm, and the old model runs on."""
        return None

    def look(self) -> None:
        """Take over every file that changed and has been still since the last look."""
        for path, taken in self._stamps.items():
            now = _stamp(path)
            settled, self._seen[path] = now == self._seen[path], now
            if now is not None and now != taken and settled:
                self._stamps[path] = now
                self._replace(path)

    def _replace(self, path: Path) -> None:
        try:
            self._current[path] = self._load(path)
        except ModelRefused as error:
            self._refused(path, str(error))

    def _watch(self) -> None:
        while not self._stop.wait(self._every):
            for model in self._current.values():
                model.stop_after(LONGEST_RUN)
            self.look()


def _stamp(path: Path) -> Stamp | None:
    """What changes when a model or its sidecar is written anew; None while there is no such file."""
    try:
        model = path.stat()
        sidecar = path.with_suffix(".toml")
        return model.st_mtime_ns, model.st_size, sidecar.stat().st_mtime_ns if sidecar.exists() else 0
    except OSError:
        return None
