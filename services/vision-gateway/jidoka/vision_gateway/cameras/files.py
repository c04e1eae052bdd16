"""The files of a folder that may be on a share: what goes wrong there is the camera's trouble, not the service's."""

import os
from collections.abc import Iterator
from pathlib import Path

from jidoka.vision_gateway.cameras.camera import CameraError

LARGEST_FILE = 64 * 2**20


def files_below(name: str, folder: Path) -> Iterator[Path]:
    """Every file in the folder and its subfolders, in no order. Raises CameraError when the folder cannot be read."""
    try:
        with os.scandir(folder):
            pass
    except OSError as error:
        raise CameraError("offline", f"{name}: the folder {folder}: {error.strerror}") from error
    for parent, _, files in os.walk(folder):  # a subfolder that goes meanwhile is left out
        yield from (Path(parent, file) for file in files)
