"""A JPEG of two strips that two threads encode at the same time, joined by a restart marker (ITU-T T.81, B.2.4.4).

At a restart an encoder begins as it does at the start of an image, and nothing else crosses the border between two rows
of blocks. So the joined image is, pixel for pixel, the one that a single encoder makes.
"""

import struct
from typing import NamedTuple

LEAST_HEIGHT = 512
TOP_SHARE = 0.7
"""The thread of the smaller strip measures the image as well."""
ROWS = 16
MOST_BLOCKS = 65_535
_FRAME, _SCAN = 0xC0, 0xDA
_RESTART, _END = b"\xff\xd0", b"\xff\xd9"


class _Parts(NamedTuple):
    """Where the height stands and where the scan's header begins; the blocks that lie side by side."""

    height_at: int
    scan_at: int
    across: int
    block_height: int


def border(height: int) -> int | None:
    """How many rows the upper strip has; None when the image is too low to be worth it."""
    return None if height < LEAST_HEIGHT else round(height * TOP_SHARE / ROWS) * ROWS


def join(upper: bytes, lower: bytes, upper_height: int, height: int) -> bytes | None:
    """One JPEG of two; None when their headers differ in more than the height, or no restart interval fits."""
    first, second = _parts(upper), _parts(lower)
    if first is None or second is None or _without_height(upper, first) != _without_height(lower, second):
        return None
    blocks = first.across * (upper_height // first.block_height)
    if upper_height % first.block_height or blocks > MOST_BLOCKS or upper_height * 2 < height:
        return None
    return b"".join((
        upper[: first.height_at], struct.pack(">H", height), upper[first.height_at + 2 : first.scan_at],
        struct.pack(">BBHH", 0xFF, 0xDD, 4, blocks), upper[first.scan_at : -len(_END)], _RESTART,
        lower[second.scan_at + 2 + struct.unpack_from(">H", lower, second.scan_at + 2)[0] :],
    ))  # fmt: skip


def _parts(data: bytes) -> _Parts | None:
    """Of a baseline JPEG whose first frame header comes before its scan."""
    at, frame = 2, 0
    while at + 4 < len(data) and data[at] == 0xFF:
        if data[at + 1] == _FRAME:
            frame = at
        if data[at + 1] == _SCAN:
            return _measured(data, frame, at) if frame and data.endswith(_END) else None
        at += 2 + struct.unpack_from(">H", data, at + 2)[0]
    return None


def _measured(data: bytes, frame: int, scan: int) -> _Parts:
    width, components = struct.unpack_from(">HB", data, frame + 7)
    sampling = [data[frame + 11 + 3 * place] for place in range(components)]
    across, down = (max(one >> 4 for one in sampling), max(one & 15 for one in sampling)) if components > 1 else (1, 1)
    return _Parts(frame + 5, scan, -(-width // (8 * across)), 8 * down)


def _without_height(data: bytes, parts: _Parts) -> bytes:
    scan_end = parts.scan_at + 2 + struct.unpack_from(">H", data, parts.scan_at + 2)[0]
    return data[: parts.height_at] + data[parts.height_at + 2 : scan_end]
