"""A file while a camera writes it to our FTP server: within the largest size, the quota, the disk."""

import errno
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

LARGEST_FILE = 64 * 2**20
Reason = Literal["size", "quota", "path", "disk"]


class Refusal(OSError):
    """The upload cannot go on; `reason` is the metric's."""

    def __init__(self, code: int, why: str) -> None:
        super().__init__(code, why)
        self.why = why
        self.reason: Reason = _REASONS.get(code, "disk")

    @property
    def reply(self) -> str:
        """FTP's answer: 452 and 552 are RFC 959's for no room and for too much."""
        return f"{552 if self.reason == 'size' else 452} {self.why}"


_REASONS: dict[int, Reason] = {
    errno.EFBIG: "size",
    errno.EDQUOT: "quota",
    **dict.fromkeys((errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG, errno.EXDEV), "path"),
}


@dataclass(slots=True)
class Quota:
    """Bytes that uploads in progress hold; a file counts until it is delivered."""

    limit: int
    held: int = 0

    def check(self) -> None:
        """Raises Refusal when nothing more may be written."""
        if self.held >= self.limit:
            raise Refusal(errno.EDQUOT, "the quota for images is used up")


class Upload:
    """The file as pyftpdlib writes it. What went wrong stays in `refusal`."""

    def __init__(self, file: Any, quota: Quota, refused: Callable[[Refusal], None]) -> None:
        self._file, self._quota, self._refused = file, quota, refused
        self.name: str = file.name
        self.refusal: Refusal | None = None
        self._written = 0

    def write(self, chunk: bytes) -> None:
        """Raises Refusal."""
        try:
            if self._written + len(chunk) > LARGEST_FILE:
                raise Refusal(errno.EFBIG, f"a file may have {LARGEST_FILE >> 20} MiB")
            self._quota.check()
            self._written += len(chunk)
            self._quota.held += len(chunk)
            self._file.write(chunk)
            self._file.flush()
        except OSError as error:
            self.refusal = error if isinstance(error, Refusal) else refusal_of(error)
            self._refused(self.refusal)
            raise self.refusal from error

    def close(self) -> None:
        """Its bytes are delivered next, or gone."""
        self._quota.held -= self._written
        self._written = 0
        self._file.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


def refusal_of(error: OSError) -> Refusal:
    """The disk's own words."""
    return Refusal(error.errno or errno.EIO, error.strerror or "cannot be written")
