"""A shot to the JPEG that travels, and to a small copy for health and live view."""

import hashlib
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from jidoka.vision_gateway import MOST_PIXELS
from jidoka.vision_gateway.cameras.camera import CameraError, Shot
from jidoka.vision_gateway.encoded import Header, Kind, NotWhole, read_header
from jidoka.vision_gateway.line import Processing

Pixels = npt.NDArray[np.uint8]

_COLOUR = {
    1: cv2.IMREAD_COLOR,
    2: cv2.IMREAD_REDUCED_COLOR_2,
    4: cv2.IMREAD_REDUCED_COLOR_4,
    8: cv2.IMREAD_REDUCED_COLOR_8,
}
_GREY = {
    1: cv2.IMREAD_GRAYSCALE,
    2: cv2.IMREAD_REDUCED_GRAYSCALE_2,
    4: cv2.IMREAD_REDUCED_GRAYSCALE_4,
    8: cv2.IMREAD_REDUCED_GRAYSCALE_8,
}

SMALL = 640
"""The small copy is the image at 1/1, 1/2, 1/4 or 1/8, the first that is no wider than this (1/8 at the least)."""


@dataclass(frozen=True)
class Picture:
    """A developed shot: `small` is (h, w) or (h, w, 3) BGR; `sha256` is of the JPEG, in hexadecimal."""

    jpeg: bytes
    sha256: str
    width: int
    height: int
    small: Pixels


@dataclass(frozen=True, slots=True)
class Negative:
    """A shot whose size is known and right: bytes that pass through as they are, or pixels to encode."""

    shot: Shot
    width: int
    height: int
    quality: int
    pixels: Pixels | None

    @property
    def passes(self) -> bool:
        """Whether its bytes travel as they are."""
        return self.pixels is None

    def small(self) -> Pixels:
        """The small copy. Raises CameraError."""
        if self.pixels is not None:
            return _reduced(self.pixels, reduction(self.width))
        return _small_jpeg(self.shot, self.jpeg(), _COLOUR[reduction(self.width)])

    def grey(self) -> Pixels:
        """The grey levels of the small copy of bytes that pass, decoded without their colours. Raises CameraError."""
        return _small_jpeg(self.shot, self.jpeg(), _GREY[reduction(self.width)])

    def jpeg(self) -> bytes:
        """The JPEG. Raises CameraError."""
        if self.pixels is None:
            return self.shot.image if isinstance(self.shot.image, bytes) else b""
        done, data = cv2.imencode(".jpg", self.pixels, [cv2.IMWRITE_JPEG_QUALITY, self.quality])
        if not done:
            raise CameraError("unreadable", f"{self.shot.origin}: {self.pixels.shape} cannot be encoded as JPEG")
        return data.tobytes()


def develop(shot: Shot, how: Processing) -> Picture:
    """The picture of a shot. Raises CameraError."""
    negative = expose(shot, how)
    jpeg = negative.jpeg()
    return Picture(jpeg, sha256(jpeg), negative.width, negative.height, negative.small())


def expose(shot: Shot, how: Processing) -> Negative:
    """Decode, crop and turn a shot; a JPEG that needs none of it passes through. Raises CameraError."""
    if isinstance(shot.image, bytes):
        header = _header(shot, shot.image)
        if header.kind is Kind.JPEG and not header.turned and not how.changes():
            return Negative(shot, header.width, header.height, how.jpeg_quality, None)
        pixels = _decode(shot, shot.image, cv2.IMREAD_UNCHANGED)
    else:
        pixels = shot.image
    pixels = _shaped(_eight_bits(pixels), how)
    height, width = pixels.shape[:2]
    return Negative(shot, width, height, how.jpeg_quality, pixels)


def sha256(data: bytes) -> str:
    """In hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def reduction(width: int) -> int:
    """1, 2, 4 or 8: by how much the small copy is smaller."""
    return next((step for step in (1, 2, 4) if width // step <= SMALL), 8)


def _header(shot: Shot, data: bytes) -> Header:
    try:
        header = read_header(data)
    except NotWhole as error:
        raise CameraError("unreadable", f"{shot.origin}: {error}") from error
    if header.width * header.height > MOST_PIXELS or max(header.width, header.height) > 65_535:
        raise CameraError("unreadable", f"{shot.origin}: claims {header.width} x {header.height} pixels")
    return header


def _small_jpeg(shot: Shot, data: bytes, flag: int) -> Pixels:
    """libjpeg decodes straight to a fraction of the size, in about that fraction of the time."""
    return np.asarray(_decode(shot, data, flag), np.uint8)


def _decode(shot: Shot, data: bytes, flag: int) -> Any:
    try:
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), flag)
    except cv2.error as error:
        raise CameraError("unreadable", f"{shot.origin}: {' '.join(error.err.split())}") from error
    if pixels is None:
        raise CameraError("unreadable", f"{shot.origin}: its content cannot be decoded")
    return pixels


def _eight_bits(pixels: npt.NDArray[Any]) -> Pixels:
    if pixels.ndim == 3 and pixels.shape[2] == 4:
        pixels = pixels[:, :, :3]
    if pixels.dtype == np.uint16:
        pixels = pixels >> 8
    return np.ascontiguousarray(pixels, np.uint8)


def _shaped(pixels: Pixels, how: Processing) -> Pixels:
    if how.crop:
        left, top, width, height = how.crop
        pixels = pixels[top : top + height, left : left + width]
    if how.rotate:
        pixels = np.rot90(pixels, k=-how.rotate // 90)
    if not pixels.size:
        raise CameraError("unreadable", "the crop lies outside the image")
    return np.ascontiguousarray(pixels)


def _reduced(pixels: Pixels, step: int) -> Pixels:
    if step == 1:
        return pixels
    size = (max(1, pixels.shape[1] // step), max(1, pixels.shape[0] // step))
    smaller: Any = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    return np.asarray(smaller, np.uint8)
