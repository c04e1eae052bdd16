"""Our FTP server: cameras and controllers push images into it. The only file that knows pyftpdlib."""

import errno
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
from jidoka.vision_gateway.cameras.mailbox import Mailbox
from jidoka.vision_gateway.settings import FtpSettings

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # asyncore, which pyftpdlib brings along from Python 3.12 on
    from pyftpdlib.authorizers import DummyAuthorizer  # type: ignore[import-untyped]
    from pyftpdlib.filesystems import AbstractedFS  # type: ignore[import-untyped]
    from pyftpdlib.handlers import DTPHandler, FTPHandler  # type: ignore[import-untyped]
    from pyftpdlib.ioloop import IOLoop  # type: ignore[import-untyped]
    from pyftpdlib.servers import FTPServer  # type: ignore[import-untyped]

# Without a handler of its own pyftpdlib would print a line for each command.
logging.getLogger("pyftpdlib").addHandler(logging.NullHandler())
logging.getLogger("pyftpdlib").setLevel(logging.ERROR)

LARGEST_FILE = 64 * 2**20
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
        self.in_flight = self._delivered = 0
        self._authorizer = DummyAuthorizer()
        try:
            shutil.rmtree(folder, ignore_errors=True)  # images of parts that have gone
            folder.mkdir(parents=True, exist_ok=True)
            self._loop = IOLoop()
            self._server = FTPServer((settings.host, settings.port), self._handler(), ioloop=self._loop)
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
        name = path.relative_to(self._folder / user).as_posix()
        boxes = [box for box in self._boxes[user] if box.claims(name)]
        self._delivered += 1
        if self._delivered % SWEEP_EVERY == 0:
            self._sweep()
        try:
            data = path.read_bytes()
            path.unlink()
        except OSError as error:
            log.warning("ftp_file", user=user, file=name, reason=error.strerror)
            return
        for box in boxes:
            box.put(name, data)
        if not boxes:
            metrics.UNCLAIMED.inc()
            log.warning("ftp_file", user=user, file=name, reason="no camera of line.toml claims it")

    def room(self) -> int:
        """Bytes that may still be written; a file counts until it is delivered."""
        return self._settings.quota_bytes - self.in_flight

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

    def _handler(self) -> type[FTPHandler]:
        more: dict[str, Any] = {
            "authorizer": self._authorizer,
            "receiver": self,
            "banner": "Jidoka vision gateway",
            "timeout": SILENT,
            "auth_failed_timeout": PENALTY,
            "passive_ports": self._settings.passive_ports,
            "masquerade_address": self._settings.public_address,
        }
        return type("Handler", (_Handler,), more)


class _Handler(FTPHandler):  # type: ignore[misc]
    receiver: Receiver

    def on_file_received(self, file: str) -> None:
        self.receiver.deliver(self.username, Path(file))

    def on_incomplete_file_received(self, file: str) -> None:
        metrics.FTP_FAILED.labels("incomplete").inc()
        self.receiver.deliver(self.username, Path(file))

    def on_login_failed(self, username: str, password: str) -> None:  # noqa: ARG002 - pyftpdlib's
        metrics.FTP_FAILED.labels("login").inc()
        log.warning("ftp_login", user=username[:64], peer=self.remote_ip, reason="refused")


class _Data(DTPHandler):  # type: ignore[misc]
    """A write that fails ends the transfer with a reply that says why."""

    def handle_error(self) -> None:
        trouble = getattr(self.file_obj, "trouble", None)
        if trouble is None:
            super().handle_error()
            return
        self._resp = (f"{'452' if trouble[0] != errno.EFBIG else '552'} {trouble[1]}", log.warning)
        self.close()


class _Upload:
    """The file that is being written, with its bounds."""

    def __init__(self, file: Any, receiver: Receiver) -> None:
        self._file, self._receiver = file, receiver
        self.name: str = file.name
        self.trouble: tuple[int, str] | None = None
        self._written = 0

    def write(self, chunk: bytes) -> None:
        self._written += len(chunk)
        self._receiver.in_flight += len(chunk)
        if self._written > LARGEST_FILE:
            self._fail(errno.EFBIG, f"a file may have {LARGEST_FILE >> 20} MiB")
        if self._receiver.room() < 0:
            self._fail(errno.EDQUOT, "the quota for images is used up")
        try:
            self._file.write(chunk)
            self._file.flush()
        except OSError as error:
            self._fail(error.errno or errno.EIO, error.strerror or "cannot be written")

    def _fail(self, code: int, why: str) -> None:
        self.trouble = (code, why)
        metrics.FTP_FAILED.labels({errno.EFBIG: "size", errno.EDQUOT: "quota"}.get(code, "disk")).inc()
        log.warning("ftp_upload", file=Path(self.name).name, reason=why)
        raise OSError(code, why)

    def close(self) -> None:
        """Its bytes are delivered next, or gone."""
        self._receiver.in_flight -= self._written
        self._written = 0
        self._file.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


class _Files(AbstractedFS):  # type: ignore[misc]
    def open(self, filename: str, mode: str) -> Any:
        receiver: Receiver = self.cmd_channel.receiver
        if receiver.room() <= 0:
            metrics.FTP_FAILED.labels("quota").inc()
            raise OSError(errno.EDQUOT, "the quota for images is used up")
        return _Upload(super().open(filename, mode), receiver)


_Handler.abstracted_fs = _Files
_Handler.dtp_handler = _Data
