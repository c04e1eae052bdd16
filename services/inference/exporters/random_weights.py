"""Nets that were never trained, made lively enough to give boxes of many sizes, classes and scores."""

from typing import Any

import torch
from torch import nn

FEWEST, ROUNDS = 8, 2


def liven(net: nn.Module, *inputs: Any) -> None:
    """Scale each layer as it first runs, so that every channel of its output has mean 0 and deviation 1.

    An untouched random net dies away towards its end and gives the same score everywhere.
    """
    for _ in range(ROUNDS):
        seen: set[nn.Module] = set()
        hooks = [module.register_forward_hook(_scaler(seen)) for module in net.modules() if _has_weights(module)]
        with torch.no_grad():
            net(*inputs)
        for hook in hooks:
            hook.remove()


def spread(layer: nn.Module, bias: float, gain: float = 1.0) -> None:
    """Give a layer of class logits a mean and a wider range."""
    with torch.no_grad():
        layer.weight.mul_(gain)  # type: ignore[operator, union-attr]
        layer.bias.mul_(gain).add_(bias)  # type: ignore[operator, union-attr]


def _has_weights(module: nn.Module) -> bool:
    return isinstance(module, (nn.Conv2d, nn.Linear)) and module.weight.requires_grad


def _scaler(seen: set[nn.Module]) -> Any:
    def scale(module: Any, _inputs: object, output: torch.Tensor) -> torch.Tensor | None:
        if module in seen:
            return None
        seen.add(module)
        axes = [0, 2, 3] if isinstance(module, nn.Conv2d) else list(range(output.ndim - 1))
        if output.numel() // output.shape[1 if isinstance(module, nn.Conv2d) else -1] < FEWEST:
            return None
        mean, deviation = output.mean(axes), output.std(axes).clamp(min=1e-6)
        module.weight.div_(deviation.reshape(-1, *[1] * (module.weight.ndim - 1)))
        if module.bias is not None:
            module.bias.sub_(mean).div_(deviation)
        else:
            mean = torch.zeros_like(mean)
        shape = [1, -1, 1, 1] if isinstance(module, nn.Conv2d) else [-1]
        return (output - mean.reshape(shape)) / deviation.reshape(shape)

    return scale
