"""A hot folder: the camera, or its controller, drops a file for each part, and the file's name says for which."""

import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from jidoka.vision_gateway.cameras.camera import CameraError, Shot, Want
from jidoka.vision_gateway.cameras.files import LARGEST_FILE, files_below
from jidoka.vision_gateway.cameras.numbered import number_in
from jidoka.vision_gateway.encoded import NotWhole, read_header

PAUSE = 0.02


class DropCamera:
    """`name_pattern` finds the controller's part counter in a file's path; `offset` is added to it.

    A file is taken once it is a whole image, and is then deleted, unless `keep`. Folders made later are seen, too.
    """

    def __init__(self, name: str, folder: Path, name_pattern: str, offset: int = 0, keep: bool = False) -> None:
        self._name, self._folder, self._keep, self._offset = name, folder, keep, offset
        self._pattern = re.compile(name_pattern)

    def grab(self, want: Want, until: float) -> Shot:
        """The file of that part, as soon as it is whole; without a part any file, which stays. Raises CameraError."""
        of = "any part" if want.counter is None else f"part {want.counter}"
        failure = CameraError("timeout", f"{self._name}: no file of {of} in {self._folder}")
        while True:
            for path in self._files(want.counter):
                try:
                    return self._take(path, keep=self._keep or want.counter is None)
                except NotWhole as error:
                    failure = CameraError("unreadable", f"{self._name}: {path}: {error}")
            if time.monotonic() + PAUSE >= until:
                raise failure
            time.sleep(PAUSE)

    def glance(self, until: float) -> Shot | None:  # noqa: ARG002 - the protocol's
        """Nothing: the files are for parts. Raises CameraError when the folder cannot be read."""
        next(files_below(self._name, self._folder), None)
        return None

    def close(self) -> None:
        """Nothing is held open."""

    def _files(self, counter: int | None) -> Iterator[Path]:
        for path in files_below(self._name, self._folder):
            number = number_in(self._pattern, path.relative_to(self._folder).as_posix())
            if number is not None and counter in (None, number + self._offset):
                yield path

    def _take(self, path: Path, *, keep: bool) -> Shot:
        """Raises NotWhole while it is being written; a link is not followed out of the folder."""
        try:
            if not path.resolve().is_relative_to(self._folder.resolve()):
                raise NotWhole("a link that leads out of the folder")
            stat = path.stat()
            if stat.st_size > LARGEST_FILE:
                raise NotWhole(f"larger than {LARGEST_FILE >> 20} MiB")
            data = path.read_bytes()
            read_header(data)
            if not keep:
                path.unlink()
        except OSError as error:
            raise NotWhole(error.strerror or "cannot be read") from error
        return Shot(data, datetime.fromtimestamp(stat.st_mtime, UTC), str(path))
