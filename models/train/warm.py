"""Start a training from what one before wrote: its weights, or an exported model, which holds convolutions only."""

from collections.abc import Callable
from pathlib import Path

import onnx
import torch
from models.train.net import Detector, compared
from torch import Tensor, nn
from torch.utils.data import Dataset, default_collate


def go_on_from(file: Path, net: Detector, crops: Dataset[tuple[Tensor, ...]], device: torch.device, seen: int) -> None:
    """Give `net`, which is on `device`, what `file` holds; an exported model needs `seen` of the crops to set norms."""
    if file.suffix == ".pt":
        net.load_state_dict(torch.load(file, weights_only=True))
        return
    images, references, *_ = default_collate([crops[index] for index in range(seen)])
    take_over(net, file, images.to(device), compared(images, references).to(device))


def take_over(net: Detector, file: Path, images: Tensor, comparison: Tensor) -> None:
    """Give `net` the convolutions of an exported model, and norms that change nothing for the images of one batch.

    A file of a version that compared with no reference (before 0.4.0) starts with a comparison that counts for nothing.
    """
    initializers = {
        i.name: torch.from_numpy(onnx.numpy_helper.to_array(i).copy()) for i in onnx.load(file).graph.initializer
    }
    held = {name.removeprefix("net."): value for name, value in initializers.items() if name.startswith("net.")}
    held |= {
        name.replace("quarter.0.0.", "entry.image."): v for name, v in held.items() if name.startswith("quarter.0.0.")
    }
    held |= {name.replace("quarter.1.", "quarter."): v for name, v in held.items() if name.startswith("quarter.1.")}
    nn.init.zeros_(net.entry.comparison.weight)
    hooks = []
    for name, module in net.named_modules():
        if isinstance(module, nn.Conv2d) and f"{name}.weight" in held:
            module.weight.data.copy_(held[f"{name}.weight"])
            if module.bias is not None:
                module.bias.data.copy_(held[f"{name}.bias"])
        if isinstance(module, nn.BatchNorm2d):
            convolution = f"{name[: name.rindex('.')]}.0" if name != "entry.norm" else "entry.image"
            hooks.append(module.register_forward_pre_hook(_undone_by(held[f"{convolution}.bias"])))
    with torch.no_grad():
        net.train()(images, comparison)
    for hook in hooks:
        hook.remove()


def _undone_by(bias: Tensor) -> Callable[[nn.Module, tuple[Tensor, ...]], None]:
    """Return a hook that makes a norm, at its first batch, add `bias` and nothing else."""

    def set_norm(norm: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        assert isinstance(norm, nn.BatchNorm2d) and norm.running_mean is not None and norm.running_var is not None
        spread, mean = torch.var_mean(inputs[0], dim=(0, 2, 3), correction=0)
        norm.running_mean.copy_(mean)
        norm.running_var.copy_(spread)
        norm.weight.data.copy_((spread + norm.eps).sqrt())
        norm.bias.data.copy_(mean + bias)

    return set_norm
