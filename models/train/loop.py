"""The training itself: one pass over seeded batches, and a running average of the weights that is what counts."""

import copy
import logging
import math
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import torch
from models.train.loss import loss
from models.train.net import Detector, compared

log = logging.getLogger("train")

_WARM_UP = 100
_AVERAGE = 0.998
_SAVE_EVERY = 100
_COMPARISON = 4.0
"""How much faster the layer learns that sees the comparison: it starts from nothing where the others are trained."""


@dataclass(frozen=True)
class Plan:
    """How to train: batches, highest learning rate, where the weights go, and whether to compute in bfloat16."""

    steps: int
    rate: float
    out: Path
    bfloat16: bool

    def rate_at(self, step: int) -> float:
        """Warm up, then go down along a cosine."""
        warm = min(1.0, step / min(_WARM_UP, self.steps / 10))
        return self.rate * warm * (0.01 + 0.99 * (1 + math.cos(math.pi * step / self.steps)) / 2)


def train(net: Detector, batches: Iterable[tuple[torch.Tensor, ...]], plan: Plan, device: torch.device) -> None:
    """Run all batches of images, references and targets once; now and then, and at the end, write averaged weights."""
    fast = net.entry.comparison.weight
    others = [parameter for parameter in net.parameters() if parameter is not fast]
    groups = [{"params": others, "times": 1.0}, {"params": [fast], "times": _COMPARISON}]
    optimiser = torch.optim.AdamW(groups, lr=plan.rate, weight_decay=0.02)
    average = copy.deepcopy(net)
    losses = torch.zeros(2)
    plan.out.parent.mkdir(parents=True, exist_ok=True)
    for step, batch in enumerate(batches, 1):
        for group in optimiser.param_groups:
            group["lr"] = plan.rate_at(step) * group["times"]
        images, references, *asked = (tensor.to(device) for tensor in batch)
        images = images.contiguous(memory_format=torch.channels_last)
        comparison = compared(images, references)
        with torch.autocast(device.type, torch.bfloat16, enabled=plan.bfloat16):
            logits, sides = net(images, comparison)
        parts = loss(logits.float(), sides.float(), *asked)
        optimiser.zero_grad(set_to_none=True)
        torch.autograd.backward(parts)
        torch.nn.utils.clip_grad_norm_(net.parameters(), 10.0)
        optimiser.step()
        _blend(average, net, min(_AVERAGE, step / (step + 20)))
        losses += torch.stack([part.detach().cpu() for part in parts])
        if step % 50 == 0:
            log.info("step %d score %.4f box %.4f, %.0f CPU s", step, *(losses / 50).tolist(), time.process_time())
            losses.zero_()
        if step % _SAVE_EVERY == 0 or step == plan.steps:
            torch.save(average.state_dict(), plan.out)


@torch.no_grad()
def _blend(average: Detector, net: Detector, keep: float) -> None:
    for old, new in zip(average.state_dict().values(), net.state_dict().values(), strict=True):
        if old.is_floating_point():
            old.lerp_(new, 1 - keep)
        else:
            old.copy_(new)
