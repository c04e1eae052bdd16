"""What a camera's FTP session may do, and what is said when it goes wrong. pyftpdlib is known here and in receiver.py.

pyftpdlib calls back for uploads that ended. An upload whose data connection is reset before it is accepted would stay
open without a word, so it is given up here.
"""

import errno
import warnings
from pathlib import Path
from typing import Any, Protocol

from jidoka.runtime.logs import log
from jidoka.vision_gateway import metrics
from jidoka.vision_gateway.cameras.upload import Quota, Refusal, Upload, refusal_of

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # asyncore, which pyftpdlib brings along from Python 3.12 on
    from pyftpdlib.filesystems import AbstractedFS  # type: ignore[import-untyped]
    from pyftpdlib.handlers import DTPHandler, FTPHandler  # type: ignore[import-untyped]
    from pyftpdlib.handlers.ftp.dispatchers import PassiveDTP  # type: ignore[import-untyped]


NOT_TAKEN = 550


class Taker(Protocol):
    """Who gets the files; called on the FTP server's thread."""

    quota: Quota

    def deliver(self, user: str, path: Path) -> None:
        """An upload has ended, perhaps cut."""

    def lost(self, user: str, path: Path, why: str) -> None:
        """An upload was begun and will not end."""


class Session(FTPHandler):  # type: ignore[misc]
    """One camera's control connection."""

    taker: Taker
    _in_dtp_queue: tuple[Any, str] | None

    def on_file_received(self, file: str) -> None:
        """A reset of the data connection comes here, too."""
        self.taker.deliver(self.username, Path(file))

    def on_incomplete_file_received(self, file: str) -> None:
        """The session has ended, or the upload was refused."""
        refusal: Refusal | None = getattr(self.data_channel.file_obj, "refusal", None)
        if refusal:
            self.taker.lost(self.username, Path(file), refusal.why)
            return
        metrics.FTP_FAILED.labels("incomplete").inc()
        self.taker.deliver(self.username, Path(file))

    def on_login_failed(self, username: str, password: str) -> None:  # noqa: ARG002 - pyftpdlib's
        """The client has its answer already."""
        metrics.FTP_FAILED.labels("login").inc()
        log.warning("ftp_login", user=username[:64], peer=self.remote_ip, reason="refused")

    def handle_max_cons(self) -> None:
        """One connection too many."""
        metrics.FTP_FAILED.labels("connections").inc()
        log.warning("ftp_connections", peer=self.remote_ip, reason="too many connections")
        super().handle_max_cons()

    def log_cmd(self, cmd: str, arg: str, respcode: int, respstr: str) -> None:
        """pyftpdlib tells here, and only here, that a path was refused."""
        super().log_cmd(cmd, arg, respcode, respstr)
        if respcode == NOT_TAKEN and not self.fs.validpath(arg):
            self.refused(arg, Refusal(errno.EXDEV, "leads out of the camera's folder"))

    def ftp_STOR(self, file: str, mode: str = "w") -> Any:  # noqa: N802 - pyftpdlib's
        """Begin an upload; the data connection may be gone by now."""
        stored = super().ftp_STOR(file, mode)
        if self.data_channel is None and self._dtp_acceptor is None and self._dtp_connector is None:
            self.give_up("there is no data connection")
        return stored

    def give_up(self, why: str) -> None:
        """End an upload that waits for a data connection."""
        waiting, self._in_dtp_queue = self._in_dtp_queue, None
        if waiting is None:
            return
        waiting[0].close()
        self.respond(f"426 {why}; transfer aborted.")
        self._lost(waiting[0].name, why)

    def close(self) -> None:
        """The camera has left, perhaps between the command for an upload and its data."""
        waiting = getattr(self, "_in_dtp_queue", None)
        super().close()
        if waiting:
            self._lost(waiting[0].name, "the camera left before the first byte")

    def refused(self, file: str, refusal: Refusal) -> None:
        """Count and name what a camera may not do."""
        metrics.FTP_FAILED.labels(refusal.reason).inc()
        log.warning("ftp_refused", user=self.username, file=Path(file).name, reason=refusal.why)

    def _lost(self, file: str, why: str) -> None:
        metrics.FTP_FAILED.labels("incomplete").inc()
        self.taker.lost(self.username, Path(file), why)


class _Passive(PassiveDTP):  # type: ignore[misc]
    def __init__(self, cmd_channel: Session, extmode: bool = False) -> None:
        super().__init__(cmd_channel, extmode)
        port = self.socket.getsockname()[1]
        if port not in cmd_channel.passive_ports:
            metrics.FTP_FAILED.labels("ports").inc()
            log.warning("ftp_ports", port=port, reason="all passive ports are taken; a firewall may close this one")

    def handle_accepted(self, sock: Any, addr: Any) -> None:
        super().handle_accepted(sock, addr)
        if not self.accepting and self.cmd_channel.data_channel is None:
            self.cmd_channel._dtp_acceptor = None  # it is closed, and pyftpdlib would wait for it
            self.cmd_channel.give_up("the data connection was reset before its first byte")


class _Data(DTPHandler):  # type: ignore[misc]
    def enable_receiving(self, type: str, cmd: str) -> None:  # noqa: ARG002 - an image is binary whatever TYPE says
        super().enable_receiving("i", cmd)

    def handle_error(self) -> None:
        """A write that was refused ends the transfer with a reply that says why."""
        refusal: Refusal | None = getattr(self.file_obj, "refusal", None)
        if refusal is None:
            super().handle_error()
            return
        self._resp = (refusal.reply, log.warning)
        self.close()


class _Files(AbstractedFS):  # type: ignore[misc]
    def open(self, filename: str, mode: str) -> Any:
        session: Session = self.cmd_channel
        try:
            session.taker.quota.check()
            file = super().open(filename, mode)
        except OSError as error:
            refusal = self._refused(filename, error)
            session.taker.lost(session.username, Path(filename), refusal.why)
            raise
        return Upload(file, session.taker.quota, lambda refusal: session.refused(filename, refusal))

    def mkdir(self, path: str) -> None:
        try:
            super().mkdir(path)
        except FileExistsError:
            raise
        except OSError as error:
            self._refused(path, error)
            raise

    def _refused(self, path: str, error: OSError) -> Refusal:
        refusal = error if isinstance(error, Refusal) else refusal_of(error)
        self.cmd_channel.refused(path, refusal)
        return refusal


Session.abstracted_fs = _Files
Session.dtp_handler = _Data
Session.passive_dtp = _Passive
