"""Size and wholeness of JPEG, PNG and BMP bytes, read from their headers before anything is decoded."""

import struct
from dataclasses import dataclass
from enum import StrEnum

_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_BARE = frozenset({0x01, *range(0xD0, 0xD8)})
_EXIF = 0xE1
_TRAILER = 64


class Kind(StrEnum):
    """File formats that a camera may give."""

    JPEG = "jpeg"
    PNG = "png"
    BMP = "bmp"


@dataclass(frozen=True, slots=True)
class Header:
    """What the first bytes claim. `turned`: Exif data may ask a viewer to turn or mirror the image."""

    kind: Kind
    width: int
    height: int
    turned: bool = False


class NotWhole(ValueError):
    """Bytes that are no whole image; the message says why."""


def read_header(data: bytes) -> Header:
    """The header of a whole image. Raises NotWhole."""
    if data[:2] == b"\xff\xd8":
        return _jpeg(data)
    if data[:8] == b"\x89PNG\r\n\x1a\n":
        return _png(data)
    if data[:2] == b"BM":
        return _bmp(data)
    raise NotWhole(f"{len(data)} bytes that are no JPEG, PNG or BMP" if data else "no bytes")


def _jpeg(data: bytes) -> Header:
    """ITU-T T.81, B.1.1 and B.2.2: markers up to the frame header, and the end-of-image marker."""
    if b"\xff\xd9" not in data[-_TRAILER:]:
        raise NotWhole("a truncated JPEG: it has no end marker")
    at, turned = 2, False
    while at + 9 < len(data) and data[at] == 0xFF:
        marker, length = data[at + 1], struct.unpack_from(">H", data, at + 2)[0]
        if marker == 0xFF or marker in _BARE:
            at += 1 if marker == 0xFF else 2
            continue
        if marker in _FRAMES:
            height, width = struct.unpack_from(">HH", data, at + 5)
            return _sized(Header(Kind.JPEG, width, height, turned))
        turned = turned or (marker == _EXIF and data[at + 4 : at + 8] == b"Exif")
        at += 2 + length
    raise NotWhole("a JPEG without a frame header")


def _png(data: bytes) -> Header:
    """PNG 1.2, 4.1.1: IHDR comes first, IEND last."""
    if len(data) < 45 or data[12:16] != b"IHDR" or b"IEND" not in data[-_TRAILER:]:
        raise NotWhole("a truncated PNG")
    return _sized(Header(Kind.PNG, *struct.unpack_from(">II", data, 16)))


def _bmp(data: bytes) -> Header:
    """BITMAPFILEHEADER holds the size of the file; the height is negative when rows run from the top."""
    if len(data) < 54 or struct.unpack_from("<I", data, 2)[0] > len(data):
        raise NotWhole("a truncated BMP: it is shorter than its header says")
    width, height = struct.unpack_from("<ii", data, 18)
    return _sized(Header(Kind.BMP, width, abs(height)))


def _sized(header: Header) -> Header:
    if header.width < 1 or header.height < 1:
        raise NotWhole(f"a {header.kind} of {header.width} x {header.height} pixels")
    return header
