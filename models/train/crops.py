"""Training crops: a random part of a drawn board and of its golden board, seen through random cameras."""

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from models.train.loss import targets
from models.train.net import STRIDE
from models.train.store import GOLDEN, GOOD, SIZE, Store
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from jidoka.simulator.boards import KINDS

CROP = 320
_WHOLE, _PART = 0.7, 0.15
"""A defect of which less than the first share is in the crop is unclear; less than the second, not there."""

_SPECIMENS, _SPECIMEN_SHARES = (GOOD, 2, 3), (0.15, 0.5, 0.35)
_NO_REFERENCE = 0.25
"""Share of crops whose reference is black, so that the net also works for a product without a golden board."""

_GOOD_AS_REFERENCE = 0.35
_SLIPPED, _SLIP, _SLIP_TURN = 0.4, 4.0, 0.6
"""Share of crops whose reference lies off by more than the boards do by themselves; pixels; degrees."""

Picture = NDArray[np.uint8]
Boxes = NDArray[np.float32]
Example = tuple[Tensor, ...]


class Crops(Dataset[Example]):
    """Crop `index` is always the same picture, whoever asks for it."""

    def __init__(self, stores: list[Store], shares: list[float], count: int, seed: int) -> None:
        self._stores, self._shares, self._count, self._seed = stores, shares, count, seed

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int) -> Example:
        """Return image and reference, both (3, 320, 320) in 0..1, and the targets as `loss.targets` gives them."""
        rng = np.random.default_rng([self._seed, index])
        store = self._stores[rng.choice(len(self._stores), p=self._shares)]
        layout = int(rng.integers(len(store.images)))
        specimen = int(rng.choice(_SPECIMENS, p=_SPECIMEN_SHARES))
        good = specimen != GOOD and rng.random() < _GOOD_AS_REFERENCE
        window = Window.random(rng)
        truth = store.truth[layout, specimen]
        image = window.of(store.images[layout, specimen])
        reference = window.of(slipped(store.images[layout, GOOD if good else GOLDEN], rng))
        boxes, kinds = window.truth(truth[truth[:, 4] >= 0])
        image, reference = through_cameras(image, reference, rng)
        if rng.random() < _NO_REFERENCE:
            reference = np.zeros_like(reference)
        asked = targets(torch.from_numpy(boxes), torch.from_numpy(kinds), CROP // STRIDE, len(KINDS))
        return tensor_of(image), tensor_of(reference), *asked


@dataclass(frozen=True)
class Window:
    """A square of the board, one of its eight symmetries, and its size as a crop."""

    x: int
    y: int
    side: int
    turn: int

    @classmethod
    def random(cls, rng: np.random.Generator, zoom: tuple[float, float] = (0.78, 1.3)) -> "Window":
        """Return any window of a board; six in ten are smaller or larger than the crop, within `zoom`."""
        side = int(CROP * rng.uniform(*zoom)) if rng.random() < 0.6 else CROP
        x, y = (int(v) for v in rng.integers(0, SIZE - side + 1, 2))
        return cls(x, y, side, int(rng.integers(8)))

    def of(self, board: Picture) -> Picture:
        """Return the crop (320, 320) or (320, 320, 3) of a board."""
        image = board[self.y : self.y + self.side, self.x : self.x + self.side]
        if self.turn & 1:
            image = image[:, ::-1]
        if self.turn & 2:
            image = image[::-1]
        if self.turn & 4:
            image = image.swapaxes(0, 1)
        if self.side != CROP:
            way = cv2.INTER_AREA if self.side > CROP else cv2.INTER_LINEAR
            image = np.asarray(cv2.resize(np.ascontiguousarray(image), (CROP, CROP), interpolation=way), np.uint8)
        return np.ascontiguousarray(image)

    def truth(self, truth: NDArray[np.int16] | Boxes) -> tuple[Boxes, NDArray[np.int64]]:
        """Return boxes (M, 4) in pixels of the crop and kinds (M,) of truth (N, 5) in pixels of the board."""
        boxes = truth[:, :4].astype(np.float32) - np.array([self.x, self.y, self.x, self.y], np.float32)
        kinds = truth[:, 4].astype(np.int64)
        clipped = boxes.clip(0, self.side)
        share = (clipped[:, 2:] - clipped[:, :2]).prod(axis=1) / (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
        kinds[share < _WHOLE] = -1
        there = share > _PART
        return self._turned(clipped[there]) * (CROP / self.side), kinds[there]

    def _turned(self, boxes: Boxes) -> Boxes:
        if self.turn & 1:
            boxes = np.stack([self.side - boxes[:, 2], boxes[:, 1], self.side - boxes[:, 0], boxes[:, 3]], 1)
        if self.turn & 2:
            boxes = np.stack([boxes[:, 0], self.side - boxes[:, 3], boxes[:, 2], self.side - boxes[:, 1]], 1)
        return boxes[:, [1, 0, 3, 2]] if self.turn & 4 else boxes


def slipped(board: Picture, rng: np.random.Generator) -> Picture:
    """Return the board, now and then a little off its place."""
    if rng.random() > _SLIPPED:
        return board
    matrix = cv2.getRotationMatrix2D((SIZE / 2, SIZE / 2), float(rng.uniform(-_SLIP_TURN, _SLIP_TURN)), 1.0)
    matrix[:, 2] += rng.uniform(-_SLIP, _SLIP, 2)
    moved = cv2.warpAffine(board, matrix, (SIZE, SIZE), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(moved, np.uint8)


def through_cameras(image: Picture, reference: Picture, rng: np.random.Generator) -> tuple[Picture, Picture]:
    """Return both as their cameras give them; a scan is made black and white by both or, seldom, by one."""
    if image.ndim == 2:
        crisp = rng.random() < 0.6
        other = crisp if rng.random() < 0.85 else not crisp
        image, reference = (
            np.where(picture > 127, 255, 0).astype(np.uint8) if hard else picture
            for picture, hard in ((image, crisp), (reference, other))
        )
    return _through_camera(image, rng), _through_camera(reference, rng)


def _through_camera(image: Picture, rng: np.random.Generator) -> Picture:
    """Blur, contrast, brightness and JPEG, each now and then; a scan may stay as crisp as it is."""
    seen: cv2.typing.MatLike = image
    grey = image.ndim == 2
    if rng.random() < 0.3:
        seen = cv2.GaussianBlur(seen, (0, 0), float(rng.uniform(0.3, 0.9)))
    if rng.random() < 0.5:
        low, high = float(rng.uniform(0, 40)), float(rng.uniform(190, 255))
        gain = (high - low) / 255 if grey else float(rng.uniform(0.75, 1.25))
        seen = cv2.convertScaleAbs(seen, alpha=gain, beta=low if grey else float(rng.uniform(0, 24)))
    if rng.random() < 0.6:
        _, jpeg = cv2.imencode(".jpg", seen, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(70, 97))])
        return np.asarray(cv2.imdecode(jpeg, cv2.IMREAD_UNCHANGED), np.uint8)
    return np.asarray(seen, np.uint8)


def tensor_of(image: Picture) -> Tensor:
    """Return (3, H, W) RGB in 0..1 of a grey or BGR image."""
    rgb = cv2.cvtColor(image, cv2.COLOR_GRAY2RGB if image.ndim == 2 else cv2.COLOR_BGR2RGB)
    return torch.from_numpy(rgb.astype(np.float32) / 255).permute(2, 0, 1)
