"""What a model wants to be fed, and the tensor that is refilled from frame to frame."""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from jidoka.inference.geometry import Fit, Placement, place

Image = npt.NDArray[np.uint8]
Triple = tuple[float, float, float]

IMAGENET_MEAN: Triple = (0.485, 0.456, 0.406)
IMAGENET_STD: Triple = (0.229, 0.224, 0.225)
UNIT: Triple = (1 / 255, 1 / 255, 1 / 255)
ZERO: Triple = (0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Form:
    """One image input of a model: a value is `pixel * scale + shift` per channel, in the order the model expects."""

    name: str
    width: int
    height: int
    dtype: str = "float32"
    channels: int = 3
    channels_last: bool = False
    batched: bool = True
    fit: Fit = Fit.LETTERBOX
    bgr: bool = False
    scale: Triple = UNIT
    shift: Triple = ZERO
    pad: int = 114

    def shape(self) -> tuple[int, ...]:
        """(1, C, H, W), (1, H, W, C), or the same without the batch."""
        size = (self.height, self.width)
        inner = (*size, self.channels) if self.channels_last else (self.channels, *size)
        return (1, *inner) if self.batched else inner


def imagenet(scale: float = 1 / 255) -> tuple[Triple, Triple]:
    """Scale and shift that subtract ImageNet's mean and divide by its deviation."""
    factors = tuple(scale / std for std in IMAGENET_STD)
    shifts = tuple(-mean / std for mean, std in zip(IMAGENET_MEAN, IMAGENET_STD, strict=True))
    return (factors[0], factors[1], factors[2]), (shifts[0], shifts[1], shifts[2])


class Canvas:
    """The input tensor of one model. Padding is painted once per image size; nothing is allocated per frame."""

    def __init__(self, form: Form) -> None:
        self.form = form
        self._placement: Placement | None = None
        self._small: Image | None = None
        self._allocate(form.width, form.height)

    def fill(self, image: Image) -> Placement:
        """Draw an image, (h, w) grey or (h, w, 3) BGR, into `tensor`; says where it lies."""
        height, width = image.shape[:2]
        where = place(self.form.fit, width, height, self.form.width, self.form.height)
        if where != self._placement:
            self._arrange(where)
        self._draw(self._resized(image, where))
        if self.tensor is not self._work:
            np.copyto(self.tensor, self._work, casting="unsafe")
        return where

    def _allocate(self, width: int, height: int) -> None:
        form = self.form
        work_type = np.uint8 if form.dtype == "uint8" else np.float32
        size = (height, width)
        shape = (*size, form.channels) if form.channels_last else (form.channels, *size)
        self._work: npt.NDArray[Any] = np.zeros((1, *shape) if form.batched else shape, work_type)
        self.tensor: npt.NDArray[Any] = (
            self._work if np.dtype(work_type) == form.dtype else self._work.astype(form.dtype)
        )
        inner = self._work[0] if form.batched else self._work
        self._planes = inner.transpose(2, 0, 1) if form.channels_last else inner

    def _arrange(self, where: Placement) -> None:
        if self.form.fit is Fit.NATIVE:
            self._allocate(where.width, where.height)
        for plane, scale, shift in zip(self._planes, self.form.scale, self.form.shift, strict=False):
            plane[:] = self.form.pad * scale + shift
        height, width = self._planes.shape[1:]
        left, top = max(0, where.left), max(0, where.top)
        shown_width = min(where.inner_width, width)
        shown_height = min(where.inner_height, height)
        self._window = self._planes[:, top : top + shown_height, left : left + shown_width]
        self._crop = slice(max(0, -where.top), None), slice(max(0, -where.left), None)
        self._split: list[Image] = [np.empty((shown_height, shown_width), np.uint8) for _ in range(3)]
        self._placement = where

    def _resized(self, image: Image, where: Placement) -> Image:
        size = (where.inner_width, where.inner_height)
        if (image.shape[1], image.shape[0]) != size:
            shape = (size[1], size[0], *image.shape[2:])
            if self._small is None or self._small.shape != shape:
                self._small = np.empty(shape, np.uint8)
            image = cv2.resize(image, size, self._small, interpolation=cv2.INTER_LINEAR)  # type: ignore[assignment]
        if self.form.fit is not Fit.CROP:
            return image
        rows, columns = self._window.shape[1:]
        return np.ascontiguousarray(image[self._crop][:rows, :columns])

    def _draw(self, image: Image) -> None:
        form = self.form
        if image.ndim == 2 and len(set(zip(form.scale, form.shift, strict=True))) == 1:
            _write(self._window[0], image, form.scale[0], form.shift[0])
            for plane in self._window[1:]:
                np.copyto(plane, self._window[0])
            return
        for plane, source, scale, shift in zip(
            self._window, self._sources(image), form.scale, form.shift, strict=False
        ):
            _write(plane, source, scale, shift)

    def _sources(self, image: Image) -> list[Image]:
        """One plane per channel of the input, in its order."""
        if image.ndim == 2:
            return [image] * self.form.channels
        if self.form.channels == 1:
            return [cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)]  # type: ignore[list-item]
        cv2.split(image, self._split)
        return self._split if self.form.bgr else self._split[::-1]


def _write(plane: npt.NDArray[Any], source: Image, scale: float, shift: float) -> None:
    """`source * scale + shift` into one plane (h, w). Converting first and scaling in place is the fastest way."""
    np.copyto(plane, source)
    if plane.dtype == np.uint8:
        return
    if scale != 1.0:
        np.multiply(plane, np.float32(scale), out=plane)
    if shift:
        np.add(plane, np.float32(shift), out=plane)
