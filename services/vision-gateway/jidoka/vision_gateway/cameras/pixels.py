"""GenICam pixel formats to what travels here: grey of 8 or 16 bits, or BGR of 8. Pure."""

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[Any]

# OpenCV names a Bayer pattern by its second row, GenICam by its first.
_BAYER = {
    "BayerRG": cv2.COLOR_BayerBG2BGR,
    "BayerGR": cv2.COLOR_BayerGB2BGR,
    "BayerGB": cv2.COLOR_BayerGR2BGR,
    "BayerBG": cv2.COLOR_BayerRG2BGR,
}
_COLOUR = {"RGB8": cv2.COLOR_RGB2BGR, "BGR8": None, "RGBa8": cv2.COLOR_RGBA2BGR, "BGRa8": cv2.COLOR_BGRA2BGR}
_CHANNELS = {"RGB8": 3, "BGR8": 3, "RGBa8": 4, "BGRa8": 4}
_DEPTHS = (8, 10, 12, 14, 16)


def read_pixels(data: bytes, width: int, height: int, pixel_format: str) -> Pixels:
    """Pixels (h, w) of 8 or 16 bits, 16 in the upper ones, or (h, w, 3) BGR. Raises ValueError, which names the format.

    Formats of more than 8 bits are taken unpacked, little-endian, as GenICam's PFNC says: Mono8 to Mono16, Bayer..8 to
    Bayer..16, RGB8, BGR8, RGBa8, BGRa8.
    """
    if pixel_format in _COLOUR:
        channels = _CHANNELS[pixel_format]
        colour = np.frombuffer(data, np.uint8, width * height * channels).reshape(height, width, channels)
        code = _COLOUR[pixel_format]
        return colour if code is None else np.asarray(cv2.cvtColor(colour, code))
    kind, depth = _split(pixel_format)
    plain = np.frombuffer(data, np.uint8 if depth == 8 else "<u2", width * height).reshape(height, width)
    if depth not in (8, 16):
        plain = plain << (16 - depth)
    return plain if kind == "Mono" else np.asarray(cv2.cvtColor(plain, _BAYER[kind]))


def _split(pixel_format: str) -> tuple[str, int]:
    kind = pixel_format.rstrip("0123456789")
    depth = pixel_format[len(kind) :]
    if (kind != "Mono" and kind not in _BAYER) or not depth or int(depth) not in _DEPTHS:
        known = "Mono8 to Mono16, BayerRG/GR/GB/BG 8 to 16 (unpacked), RGB8, BGR8, RGBa8, BGRa8"
        raise ValueError(f"pixel format {pixel_format}; known are {known}")
    return kind, int(depth)
