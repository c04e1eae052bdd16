"""JPEG bytes to pixels, for bytes that nobody has to trust."""

import struct
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from jidoka.inference import MOST_PIXELS

_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_BARE = frozenset({0x01, *range(0xD0, 0xD8)})
_END = b"\xff\xd9"
_TRAILER = 64


class Unreadable(ValueError):
    """Bytes that are no whole JPEG of the size they should be."""


def header(data: bytes) -> tuple[int, int, int]:
    """(width, height, components) from the frame header (ITU-T T.81, B.2.2). Raises Unreadable."""
    if data[:2] != b"\xff\xd8":
        raise Unreadable("not a JPEG")
    at = 2
    while at + 9 < len(data):
        marker, length = data[at + 1], struct.unpack_from(">H", data, at + 2)[0]
        if data[at] != 0xFF:
            break
        if marker == 0xFF or marker in _BARE:
            at += 1 if marker == 0xFF else 2
        elif marker in _FRAMES:
            height, width, components = struct.unpack_from(">HHB", data, at + 5)
            return width, height, components
        else:
            at += 2 + length
    raise Unreadable("a JPEG without a frame header")


def decode(data: bytes, width: int, height: int) -> npt.NDArray[np.uint8]:
    """Pixels (h, w, 3) BGR, or (h, w) of a grey JPEG, which must be whole and of that size. Raises Unreadable."""
    wide, high, components = header(data)
    if (wide, high) != (width, height):
        raise Unreadable(f"an image of {wide} x {high} that was announced as {width} x {height}")
    if wide * high > MOST_PIXELS:
        raise Unreadable(f"{wide} x {high} pixels, more than {MOST_PIXELS}")
    if _END not in data[-_TRAILER:]:
        raise Unreadable("a truncated JPEG")
    flags = cv2.IMREAD_GRAYSCALE if components == 1 else cv2.IMREAD_COLOR
    try:
        # Boxes are given in the pixels as stored, so a turn that Exif asks for is not made.
        image: Any = cv2.imdecode(np.frombuffer(data, np.uint8), flags | cv2.IMREAD_IGNORE_ORIENTATION)
    except cv2.error as error:
        raise Unreadable(f"a JPEG that cannot be decoded: {' '.join(error.err.split())}") from error
    if image is None or image.shape[:2] != (height, width):
        raise Unreadable("a JPEG that cannot be decoded")
    pixels: npt.NDArray[np.uint8] = image
    return pixels
