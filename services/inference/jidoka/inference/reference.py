"""Golden images: what a good part looks like, for models that compare a frame with one."""

import hashlib
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from jidoka.inference import MOST_PIXELS
from jidoka.inference.form import Canvas, Form, Image
from jidoka.inference.geometry import Placement
from jidoka.inference.line import GoldenImage
from jidoka.runtime.errors import ConfigError

LARGEST_FILE = 64 * 2**20
PREPARED_BYTES = 128 * 2**20
"""So much of prepared golden images one model keeps; the one that was needed longest ago goes first."""


class Need(StrEnum):
    """What a model with the input `reference` does without a golden image: nothing, or its work less well."""

    REQUIRED = "required"
    OPTIONAL = "optional"


class NoGolden(Exception):
    """A frame that has no golden image to be compared with; the message is the reason."""


@dataclass(frozen=True, slots=True)
class Golden:
    """One golden image as it was read at the start, still encoded."""

    sku: str
    sha256: str
    data: bytes = field(repr=False)

    def pixels(self) -> Image:
        """(h, w) grey or (h, w, 3) BGR."""
        return _pixels(self.data)


class Goldens:
    """The golden images of the line; false when there are none."""

    def __init__(self, entries: Sequence[tuple[GoldenImage, Golden]] = ()) -> None:
        self._entries = sorted(entries, key=lambda entry: entry[0].reach())

    def __bool__(self) -> bool:
        return bool(self._entries)

    def __iter__(self) -> Iterator[Golden]:
        """Each of them once."""
        return iter({golden.sha256: golden for _, golden in self._entries}.values())

    def of(self, sku: str | None, station: str, camera: str) -> Golden | None:
        """The golden image of a frame, that of its station and camera before a more general one.

        None when the line has no golden images at all. Raises NoGolden when it has some, and none for this frame.
        """
        for entry, golden in self._entries:
            if entry.fits(sku, station, camera):
                return golden
        if not self._entries:
            return None
        if sku is None:
            raise NoGolden(f"the frame of {station} {camera} names no SKU")
        raise NoGolden(f"none is configured for {sku} at {station} {camera}")

    def fingerprint(self, config_sha256: str) -> str:
        """The hash of the configuration with all golden images."""
        if not self._entries:
            return config_sha256
        images = sorted(golden.sha256 for _, golden in self._entries)
        return hashlib.sha256(" ".join([config_sha256, *images]).encode()).hexdigest()


def read_goldens(entries: Sequence[GoldenImage], path: Path) -> Goldens:
    """Reads and decodes every golden image of the line once. Raises ConfigError with file, key and value."""
    found: list[tuple[GoldenImage, Golden]] = []
    for index, entry in enumerate(entries):
        where = f"{path}: inference.golden[{index}].image = {str(entry.image)!r}"
        if any(entry.same_place(other) for other, _ in found):
            raise ConfigError(f"{path}: inference.golden[{index}].sku = {entry.sku!r}: named twice for the same place")
        try:
            data = _read(entry.image)
            _pixels(data)
        except OSError as error:
            raise ConfigError(f"{where}: cannot be read: {error.strerror}") from error
        except ValueError as error:
            raise ConfigError(f"{where}: {error}") from error
        found.append((entry, Golden(entry.sku, hashlib.sha256(data).hexdigest(), data)))
    return Goldens(found)


class ReferenceInput:
    """The second input of a model. `tensor` is fed with every run and is zero until a golden image is shown."""

    def __init__(self, form: Form, tensor: npt.NDArray[Any], need: Need) -> None:
        self.need, self.tensor = need, tensor
        self._form = form
        self._shown: str | None = None
        self._most = max(1, PREPARED_BYTES // tensor.nbytes)
        self._prepared: OrderedDict[str, tuple[Placement, npt.NDArray[Any]]] = OrderedDict()

    def prepare(self, goldens: Iterable[Golden]) -> None:
        """Make ready as many as are kept, so that the first frame of a SKU does not wait for its golden image."""
        for golden in islice(goldens, self._most):
            self._ready(golden)

    def show(self, golden: Golden | None, frame: Placement) -> None:
        """Compare the next run with `golden`. Raises NoGolden when it would not lie where the frame lies."""
        if golden is None:
            if self._shown is not None:
                self.tensor[...] = 0
                self._shown = None
            return
        where, values = self._ready(golden)
        if not where.covers(frame):
            raise NoGolden(
                f"that of {golden.sku} has {where.width} x {where.height} pixels, "
                f"which is another shape than a frame of {frame.width} x {frame.height}"
            )
        if self._shown != golden.sha256:
            np.copyto(self.tensor, values)
            self._shown = golden.sha256

    def _ready(self, golden: Golden) -> tuple[Placement, npt.NDArray[Any]]:
        if golden.sha256 not in self._prepared:
            canvas = Canvas(self._form)
            self._prepared[golden.sha256] = canvas.fill(golden.pixels()), canvas.tensor
            if len(self._prepared) > self._most:
                self._prepared.popitem(last=False)
        self._prepared.move_to_end(golden.sha256)
        return self._prepared[golden.sha256]


def _read(path: Path) -> bytes:
    if path.stat().st_size > LARGEST_FILE:
        raise ValueError(f"larger than {LARGEST_FILE >> 20} MiB")
    return path.read_bytes()


def _pixels(data: bytes) -> Image:
    flags = cv2.IMREAD_ANYCOLOR | cv2.IMREAD_IGNORE_ORIENTATION
    try:
        image: Any = cv2.imdecode(np.frombuffer(data, np.uint8), flags) if data else None
    except cv2.error as error:
        raise ValueError(f"cannot be decoded: {error.err}") from error
    if image is None:
        raise ValueError(f"no image that can be decoded, or more than {MOST_PIXELS} pixels")
    pixels: Image = image
    return pixels
