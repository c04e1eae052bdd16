"""The controller's FTP client: pushes images, one after the other, on a thread of its own."""

import ftplib
import io
import queue
import socket
import struct
import threading
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Self

TIMEOUT = 5.0
BLOCK = 64 * 1024


@dataclass(frozen=True, slots=True)
class Upload:
    """One image. `cut`: after half of it the connection is reset."""

    path: str
    data: bytes
    cut: bool = False


class Push:
    """Uploads in the order of `send`. A server that is away costs the image, as it does with the real controller."""

    def __init__(self, host: str, port: int, user: str, password: str) -> None:
        self._address, self._login = (host, port), (user, password)
        self._uploads: queue.SimpleQueue[Upload | None] = queue.SimpleQueue()
        self._client: ftplib.FTP | None = None
        self._made: set[str] = set()
        self._thread = threading.Thread(target=self._work, name="ftp push", daemon=True)
        self.failed = 0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._uploads.put(None)
        self._thread.join(timeout=2 * TIMEOUT)

    def send(self, upload: Upload) -> None:
        """Push this image soon."""
        self._uploads.put(upload)

    def _work(self) -> None:
        while upload := self._uploads.get():
            try:
                self._push(upload)
            except (OSError, EOFError, ftplib.Error):
                self.failed += not upload.cut
                self._leave()
        self._leave()

    def _push(self, upload: Upload) -> None:
        client = self._connected()
        folder = upload.path.rpartition("/")[0]
        self._make(client, folder)
        if upload.cut:
            self._cut(client, upload)
        else:
            client.storbinary(f"STOR /{upload.path}", io.BytesIO(upload.data), BLOCK)

    def _connected(self) -> ftplib.FTP:
        if self._client is None:
            self._client = ftplib.FTP(timeout=TIMEOUT)  # noqa: S321 - what the controller speaks
            self._client.connect(*self._address)
            self._client.login(*self._login)
        return self._client

    def _make(self, client: ftplib.FTP, folder: str) -> None:
        """Every folder on the way; one that is there answers with an error."""
        names = folder.split("/") if folder else []
        for depth in range(1, len(names) + 1):
            path = "/" + "/".join(names[:depth])
            if path not in self._made:
                with suppress(ftplib.error_perm):
                    client.mkd(path)
                self._made.add(path)

    def _cut(self, client: ftplib.FTP, upload: Upload) -> None:
        data = client.transfercmd(f"STOR /{upload.path}")
        data.sendall(upload.data[: len(upload.data) // 2])
        data.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        data.close()
        client.voidresp()

    def _leave(self) -> None:
        if self._client:
            self._client.close()
        self._client = None
        self._made.clear()
