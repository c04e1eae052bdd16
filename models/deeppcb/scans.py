"""Training crops of DeepPCB's pairs of a tested board and its template."""

from collections.abc import Sequence

import numpy as np
import torch
from models.score.sources import Example
from models.train.crops import CROP, Window, slipped, tensor_of
from models.train.loss import targets
from models.train.net import STRIDE
from torch.utils.data import Dataset

from jidoka.simulator.boards import KINDS

_ZOOM = (0.87, 1.15)
_FLAWLESS = 0.05
"""Share of crops that show the template as the tested board."""

_MENDED, _IN_BOTH = 0.15, 0.15
"""Shares of the defects that are mended, or put on the template too: it is the difference that counts."""

_MARGIN = 3


class Scans(Dataset[tuple[torch.Tensor, ...]]):
    """Crop `index` of a seed is always the same; `examples` are 640x640 and grey."""

    def __init__(self, examples: Sequence[Example], count: int, seed: int) -> None:
        self._examples, self._count, self._seed = examples, count, seed

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int) -> tuple[torch.Tensor, ...]:
        """Return image and template, both (3, 320, 320) in 0..1, and the targets as `loss.targets` gives them."""
        rng = np.random.default_rng([self._seed, index])
        example = _altered(self._examples[rng.integers(len(self._examples))], rng)
        window = Window.random(rng, _ZOOM)
        flawless = rng.random() < _FLAWLESS
        image = window.of(example.golden if flawless else example.image)
        template = window.of(slipped(example.golden, rng))
        boxes, kinds = window.truth(example.truth[:0] if flawless else example.truth)
        asked = targets(torch.from_numpy(boxes), torch.from_numpy(kinds), CROP // STRIDE, len(KINDS))
        return tensor_of(image), tensor_of(template), *asked


def _altered(example: Example, rng: np.random.Generator) -> Example:
    """Mend some of the defects and give some to the template; only those that touch no other."""
    image, template, kept = example.image.copy(), example.golden.copy(), []
    boxes = example.truth[:, :4].astype(int) + np.array([-_MARGIN, -_MARGIN, _MARGIN, _MARGIN])
    for row, (left, top, right, bottom) in zip(example.truth, boxes.clip(0), strict=True):
        near = (boxes[:, 0] < right) & (boxes[:, 2] > left) & (boxes[:, 1] < bottom) & (boxes[:, 3] > top)
        fate, place = rng.random(), np.s_[top:bottom, left:right]
        if near.sum() > 1 or fate >= _MENDED + _IN_BOTH:
            kept.append(row)
        elif fate < _MENDED:
            image[place] = example.golden[place]
        else:
            template[place] = example.image[place]
    return Example(image, template, np.array(kept, np.float32).reshape(-1, 5))
