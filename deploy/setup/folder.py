"""One folder of secrets. Its readers are in the owner's group; nobody else may read."""

import os
import secrets
from pathlib import Path


class Folder:
    """Made when missing."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir(parents=True, exist_ok=True)

    def secret(self, name: str) -> str:
        """256 random bits in hex: made on the first call, then the same."""
        if not self.text(name):
            self.put(name, secrets.token_hex(32))
        return self.text(name)

    def text(self, name: str) -> str:
        """A file's text; empty when there is no such file."""
        path = self.path / name
        return path.read_text() if path.exists() else ""

    def put(self, name: str, text: str) -> None:
        """Writes a file whole or not at all; nothing when it says that already."""
        if self.text(name) != text:
            write(self.path / name, text)

    def drop(self, name: str) -> bool:
        """Removes a file; whether there was one. Never the authority's: what it signed would go bad."""
        path = self.path / name
        if not path.is_file() or name.startswith("ca."):
            return False
        path.unlink()
        return True


def write(path: Path, text: str) -> None:
    """Through a new file, so that no reader sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}.new")
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o440)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        os.fchmod(descriptor, 0o440)
    new.replace(path)
