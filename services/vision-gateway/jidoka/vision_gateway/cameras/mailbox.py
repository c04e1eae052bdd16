"""Files that somebody pushes for one camera: whole images only, each once, by the number in the name."""

import hashlib
import re
from datetime import UTC, datetime

from jidoka.vision_gateway.cameras.camera import Shot
from jidoka.vision_gateway.cameras.numbered import number_in
from jidoka.vision_gateway.cameras.tray import Tray
from jidoka.vision_gateway.encoded import NotWhole, read_header

REMEMBERED = 1000


class Mailbox(Tray):
    """`pattern` has a group `counter`. The same bytes by the same name are a double; a cut file is named."""

    def __init__(self, labels: tuple[str, str], pattern: str) -> None:
        super().__init__(labels)
        self._pattern = re.compile(pattern)
        self._known: dict[tuple[str, bytes], None] = {}

    def claims(self, name: str) -> bool:
        """Whether a file of that path, relative to the sender's folder, is this camera's."""
        return number_in(self._pattern, name) is not None

    def put(self, name: str, data: bytes) -> None:
        """A file has come. Nothing is raised: what is no use is counted, and named as its number's trouble."""
        number = number_in(self._pattern, name)
        if number is None:
            return
        key = name, hashlib.sha256(data).digest()
        if key in self._known:
            self.refuse("double")
            return
        try:
            read_header(data)
        except NotWhole as error:
            self.spoil(number, f"{name}: {error}")
            return
        self._known[key] = None
        if len(self._known) > REMEMBERED:
            del self._known[next(iter(self._known))]
        self.lay(number, Shot(data, datetime.now(UTC), name))

    def lost(self, name: str, why: str) -> None:
        """A file of that name was begun and did not get here."""
        self.spoil(number_in(self._pattern, name), f"{name}: {why}")
