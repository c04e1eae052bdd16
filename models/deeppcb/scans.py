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


class Scans(Dataset[tuple[torch.Tensor, ...]]):
    """Crop `index` of a seed is always the same; `examples` are 640x640 and grey."""

    def __init__(self, examples: Sequence[Example], count: int, seed: int) -> None:
        self._examples, self._count, self._seed = examples, count, seed

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int) -> tuple[torch.Tensor, ...]:
        """Return image and template, both (3, 320, 320) in 0..1, and the targets as `loss.targets` gives them."""
        rng = np.random.default_rng([self._seed, index])
        example = self._examples[rng.integers(len(self._examples))]
        window = Window.random(rng, _ZOOM)
        flawless = rng.random() < _FLAWLESS
        image = window.of(example.golden if flawless else example.image)
        template = window.of(slipped(example.golden, rng))
        boxes, kinds = window.truth(example.truth[:0] if flawless else example.truth)
        asked = targets(torch.from_numpy(boxes), torch.from_numpy(kinds), CROP // STRIDE, len(KINDS))
        return tensor_of(image), tensor_of(template), *asked
