"""Training crops: a random part of a drawn board, turned, scaled, and seen through a random camera."""

import cv2
import numpy as np
import torch
from models.train.loss import targets
from models.train.net import STRIDE
from models.train.store import SIZE, Store
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from jidoka.simulator.boards import KINDS

CROP = 320
_WHOLE, _PART = 0.7, 0.15
"""A defect of which less than the first share is in the crop is unclear; less than the second, not there."""

Example = tuple[Tensor, Tensor, Tensor, Tensor]


class Crops(Dataset[Example]):
    """Crop `index` is always the same picture, whoever asks for it."""

    def __init__(self, stores: list[Store], shares: list[float], count: int, seed: int) -> None:
        self._stores, self._shares, self._count, self._seed = stores, shares, count, seed

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int) -> Example:
        """Return the image (3, 320, 320) in 0..1 and its targets as `loss.targets` gives them."""
        rng = np.random.default_rng([self._seed, index])
        store = self._stores[rng.choice(len(self._stores), p=self._shares)]
        board = int(rng.integers(len(store.images)))
        image, boxes, kinds = _cut(store.images[board], store.truth[board], rng)
        image = _through_camera(image, rng)
        rgb = cv2.cvtColor(image, cv2.COLOR_GRAY2RGB if image.ndim == 2 else cv2.COLOR_BGR2RGB)
        asked = targets(torch.from_numpy(boxes), torch.from_numpy(kinds), CROP // STRIDE, len(KINDS))
        return torch.from_numpy(rgb.astype(np.float32) / 255).permute(2, 0, 1), *asked


def _cut(
    board: NDArray[np.uint8], truth: NDArray[np.int16], rng: np.random.Generator
) -> tuple[NDArray[np.uint8], NDArray[np.float32], NDArray[np.int64]]:
    side = int(CROP * rng.uniform(0.78, 1.3)) if rng.random() < 0.6 else CROP
    x, y = (int(v) for v in rng.integers(0, SIZE - side + 1, 2))
    image = board[y : y + side, x : x + side]
    truth = truth[truth[:, 4] >= 0]
    boxes = truth[:, :4].astype(np.float32) - np.array([x, y, x, y], np.float32)
    kinds = truth[:, 4].astype(np.int64)
    clipped = boxes.clip(0, side)
    share = (clipped[:, 2:] - clipped[:, :2]).prod(axis=1) / (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
    kinds[share < _WHOLE] = -1
    image, clipped = _turned(image, clipped[share > _PART], side, int(rng.integers(8)))
    if side != CROP:
        way = cv2.INTER_AREA if side > CROP else cv2.INTER_LINEAR
        image = np.asarray(cv2.resize(image, (CROP, CROP), interpolation=way), np.uint8)
    return np.ascontiguousarray(image), clipped * (CROP / side), kinds[share > _PART]


def _turned(
    image: NDArray[np.uint8], boxes: NDArray[np.float32], side: int, turn: int
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Apply one of the eight symmetries of the square."""
    if turn & 1:
        image, boxes = image[:, ::-1], np.stack([side - boxes[:, 2], boxes[:, 1], side - boxes[:, 0], boxes[:, 3]], 1)
    if turn & 2:
        image, boxes = image[::-1], np.stack([boxes[:, 0], side - boxes[:, 3], boxes[:, 2], side - boxes[:, 1]], 1)
    if turn & 4:
        image, boxes = image.swapaxes(0, 1), boxes[:, [1, 0, 3, 2]]
    return image, boxes


def _through_camera(image: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Blur, contrast, brightness and JPEG, each now and then; a scan may stay as crisp as it is."""
    seen: cv2.typing.MatLike = image
    grey = image.ndim == 2
    if grey and rng.random() < 0.6:
        seen = np.where(image > 127, 255, 0).astype(np.uint8)
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
