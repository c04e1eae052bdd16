"""A folder of images, replayed in the order of their names, over and over."""

from pathlib import Path

from jidoka.vision_gateway.cameras.camera import CameraError, Shot, Want, now
from jidoka.vision_gateway.cameras.files import LARGEST_FILE, files_below

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp"})


class FolderCamera:
    """Gives the next file for every part; `pattern` chooses among the folder's images, subfolders included."""

    def __init__(self, name: str, folder: Path, pattern: str = "**/*") -> None:
        self._name, self._folder, self._pattern = name, folder, pattern
        self._files: list[Path] = []

    def grab(self, want: Want, until: float) -> Shot:  # noqa: ARG002 - the protocol's
        """The next image. Raises CameraError that names the file; the next call goes on behind it."""
        if not self._files:
            self._files = self._images()
        return self._read(self._files.pop(0))

    def glance(self, until: float) -> Shot | None:  # noqa: ARG002 - the protocol's
        """Nothing: the images are for parts. Raises CameraError when the folder has none."""
        if not self._files:
            self._files = self._images()
        return None

    def close(self) -> None:
        """Nothing is held open."""

    def _images(self) -> list[Path]:
        next(files_below(self._name, self._folder), None)
        try:
            found = sorted(path for path in self._folder.glob(self._pattern) if path.suffix.lower() in SUFFIXES)
        except OSError as error:
            raise CameraError("offline", f"{self._name}: {error.filename}: {error.strerror}") from error
        if not found:
            raise CameraError("offline", f"{self._name}: no image {self._pattern} in the folder {self._folder}")
        return found

    def _read(self, path: Path) -> Shot:
        try:
            if path.stat().st_size > LARGEST_FILE:
                raise CameraError("unreadable", f"{self._name}: {path} is larger than {LARGEST_FILE >> 20} MiB")
            return Shot(path.read_bytes(), now(), str(path))
        except OSError as error:
            raise CameraError("unreadable", f"{self._name}: {path}: {error.strerror}") from error
