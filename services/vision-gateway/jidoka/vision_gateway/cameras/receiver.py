"""Our FTP server: cameras and controllers push images into it."""

import logging
import shutil
import threading
import time
import warnings
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from jidoka.runtime.errors import ConfigError
from jidoka.runtime.logs import log
from jidoka.vision_gateway import metrics
from jidoka.vision_gateway.cameras.ftp_session import Session
from jidoka.vision_gateway.cameras.mailbox import Mailbox
from jidoka.vision_gateway.cameras.upload import Quota
from jidoka.vision_gateway.settings import FtpSettings

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # asyncore, which pyftpdlib brings along from Python 3.12 on
    from pyftpdlib.authorizers import DummyAuthorizer  # type: ignore[import-untyped]
    from pyftpdlib.ioloop import IOLoop  # type: ignore[import-untyped]
    from pyftpdlib.servers import FTPServer  # type: ignore[import-untyped]

# Without a handler of its own pyftpdlib would print a line for each command.
logging.getLogger("pyftpdlib").addHandler(logging.NullHandler())
logging.getLogger("pyftpdlib").setLevel(logging.ERROR)

CONNECTIONS = 64
SILENT, PENALTY = 300, 1
SWEEP_EVERY, SWEEP_AFTER = 1000, 3600.0
RIGHTS = "elmw"
"""Change folder, list, make folders, write: nobody reads, renames or deletes."""


class Receiver:
    """Serves on a thread of its own, `with` starts it. A file goes to the mailbox that claims it, and off the disk.

    Each user has a folder of its own and cannot leave it. Raises ConfigError when the port or the folder is unusable.
    """

    def __init__(self, settings: FtpSettings, folder: Path) -> None:
        self._settings, self._folder = settings, folder
        self._boxes: dict[str, list[Mailbox]] = {}
        self.quota = Quota(settings.quota_bytes)
        self._delivered = 0
        self._authorizer = DummyAuthorizer()
        try:
            shutil.rmtree(folder, ignore_errors=True)  # images of parts that have gone
            folder.mkdir(parents=True, exist_ok=True)
            self._loop = IOLoop()
            self._server = FTPServer((settings.host, settings.port), self._session(), ioloop=self._loop)
        except OSError as error:
            where = f"{settings.host}:{settings.port}, folder {folder}"
            raise ConfigError(f"FTP receiver at {where}: {error.strerror or error}") from error
        self._server.max_cons = CONNECTIONS
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="ftp receiver", daemon=True)

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.address[1])

    def register(self, user: str, box: Mailbox) -> None:
        """Files of this user may be that camera's."""
        if user not in self._boxes:
            home = self._folder / user
            home.mkdir(exist_ok=True)
            self._authorizer.add_user(user, self._settings.password.get_secret_value(), str(home), perm=RIGHTS)
        self._boxes.setdefault(user, []).append(box)

    def deliver(self, user: str, path: Path) -> None:
        """An upload has ended, perhaps cut: the mailbox looks at the content."""
        self._delivered += 1
        if self._delivered % SWEEP_EVERY == 0:
            self._sweep()
        try:
            data = path.read_bytes()
            path.unlink()
        except OSError as error:
            self.lost(user, path, error.strerror or "cannot be read")
            return
        name, boxes = self._claiming(user, path)
        for box in boxes:
            box.put(name, data)

    def lost(self, user: str, path: Path, why: str) -> None:
        """An upload was begun and will not end."""
        with suppress(OSError):
            path.unlink()
        name, boxes = self._claiming(user, path)
        for box in boxes:
            box.lost(name, why)

    def _claiming(self, user: str, path: Path) -> tuple[str, list[Mailbox]]:
        name = path.relative_to(self._folder / user).as_posix()
        boxes = [box for box in self._boxes[user] if box.claims(name)]
        if not boxes:
            metrics.UNCLAIMED.inc()
            log.warning("ftp_file", user=user, file=name, reason="no camera of line.toml claims it")
        return name, boxes

    def _sweep(self) -> None:
        """Removes empty folders of an hour ago: a CV-X makes new ones all the time."""
        before = time.time() - SWEEP_AFTER
        folders = sorted((path for path in self._folder.glob("*/**/*") if path.is_dir()), reverse=True)
        for folder in folders:
            if folder.stat().st_mtime < before:
                with suppress(OSError):
                    folder.rmdir()

    def alive(self) -> bool:
        """Whether its thread runs."""
        return self._thread.is_alive()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        self._thread.join(timeout=2)

    def _serve(self) -> None:
        while not self._stopping.is_set():
            self._loop.loop(timeout=0.2, blocking=False)
        self._server.close_all()

    def _session(self) -> type[Session]:
        more: dict[str, Any] = {
            "authorizer": self._authorizer,
            "taker": self,
            "banner": "Jidoka vision gateway",
            "timeout": SILENT,
            "auth_failed_timeout": PENALTY,
            "passive_ports": self._settings.passive_ports,
            "masquerade_address": self._settings.public_address,
        }
        return type("CameraSession", (Session,), more)
