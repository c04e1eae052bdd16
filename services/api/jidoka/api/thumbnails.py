"""Stored images made smaller: decoded by a few threads only, kept for a while."""

import asyncio
import io
from collections import OrderedDict

from PIL import Image, UnidentifiedImageError

AT_ONCE = 2
KEPT_BYTES = 32 << 20
QUALITY = 80
MOST_PIXELS = 100_000_000


class Thumbnails:
    """JPEGs by the image's sha256 and width; the oldest give way when there are too many."""

    def __init__(self) -> None:
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._kept: OrderedDict[tuple[str, int], bytes] = OrderedDict()
        self._size = 0

    def kept(self, sha256: str, width: int) -> bytes | None:
        """One that is there."""
        found = self._kept.get((sha256, width))
        if found is not None:
            self._kept.move_to_end((sha256, width))
        return found

    async def make(self, sha256: str, width: int, image: bytes) -> bytes | None:
        """At most `width` wide; None when the bytes are no image that can be read."""
        async with self._slots:
            made = self.kept(sha256, width) or await asyncio.to_thread(_smaller, image, width)
        if made is not None and (sha256, width) not in self._kept:
            self._kept[sha256, width] = made
            self._size += len(made)
        while self._size > KEPT_BYTES:
            self._size -= len(self._kept.popitem(last=False)[1])
        return made


def _smaller(image: bytes, width: int) -> bytes | None:
    try:
        with Image.open(io.BytesIO(image), formats=["JPEG"]) as whole:
            if whole.width * whole.height > MOST_PIXELS:
                return None
            height = max(1, round(whole.height * width / whole.width))
            # the decoder itself leaves out what a smaller picture does not need
            whole.draft("RGB", (width, height))
            whole.thumbnail((width, height))
            small = io.BytesIO()
            whole.convert("RGB").save(small, "JPEG", quality=QUALITY)
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return None
    return small.getvalue()
