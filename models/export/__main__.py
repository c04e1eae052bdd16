"""Write trained weights as the shipped ONNX file: `python -m models.export --weights net.pt --version 1.0.0`."""

import argparse
import copy
from pathlib import Path

import onnx
import torch
from models.train.net import STRIDE, Conv, Detector, Entry, compared, corners
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from jidoka.simulator.boards import KINDS

SIZE = 640


_MIRRORS: tuple[tuple[int, ...], ...] = ((), (3,), (2,), (2, 3))
"""Axes of (N, C, H, W) that are turned round."""


class Exported(nn.Module):
    """The detector with its output decoded: (N, 4 + classes, cells), cx, cy, w, h in pixels and scores in 0..1.

    `shift` is added to the logits, so that the line's usual threshold is the best one. `mirrored`: the answer is the
    mean of those to the image and its three mirror images, at four times the cost.
    """

    def __init__(self, net: Detector, shift: float, *, mirrored: bool) -> None:
        super().__init__()
        self.net, self.shift, self.mirrors = net, shift, _MIRRORS if mirrored else _MIRRORS[:1]

    def forward(self, images: Tensor, reference: Tensor) -> Tensor:
        """Decode one batch; both are (N, 3, H, W)."""
        comparison = compared(images, reference)
        answers = [_turned(*self.net(_mirror(images, axes), _mirror(comparison, axes)), axes) for axes in self.mirrors]
        logits, sides = (torch.stack(of_all).mean(dim=0) for of_all in zip(*answers, strict=True))
        boxes = corners(sides) * STRIDE
        low, high = boxes[:, :2], boxes[:, 2:]
        scores = torch.sigmoid(logits + self.shift)
        return torch.cat([(low + high) / 2, high - low, scores], dim=1).flatten(2)


def _mirror(x: Tensor, axes: tuple[int, ...]) -> Tensor:
    return x.flip(axes) if axes else x


def _turned(logits: Tensor, sides: Tensor, axes: tuple[int, ...]) -> tuple[Tensor, Tensor]:
    """Turn an answer back; what was left is right again, and what was above is below."""
    left, top, right, bottom = _mirror(sides, axes).unbind(dim=1)
    if 3 in axes:
        left, right = right, left
    if 2 in axes:
        top, bottom = bottom, top
    return _mirror(logits, axes), torch.stack([left, top, right, bottom], dim=1)


def main() -> None:
    """Read the command line, fuse, export, describe."""
    arguments = _arguments()
    net = Detector()
    net.load_state_dict(torch.load(arguments.weights, weights_only=True))
    exported = Exported(fused(net.eval()), arguments.shift, mirrored=arguments.mirrored).eval()
    # Of noise, not of zeros: nothing may be folded away for an image that has no reference.
    example = torch.rand(1, 3, SIZE, SIZE), torch.rand(1, 3, SIZE, SIZE)
    torch.onnx.export(
        exported, example, arguments.out, input_names=["images", "reference"], output_names=["output0"],
        opset_version=17, dynamo=False,
    )  # fmt: skip
    describe(arguments.out, arguments.version)


def fused(net: Detector) -> Detector:
    """Return the net with each batch normalisation folded into its convolution."""
    net = copy.deepcopy(net)
    for module in net.modules():
        if isinstance(module, Conv):
            convolution, norm = module[0], module[1]
            assert isinstance(convolution, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d)
            module[0] = fuse_conv_bn_eval(convolution, norm)
            module[1] = nn.Identity()
    _fuse_entry(net.entry)
    return net


def _fuse_entry(entry: Entry) -> None:
    """Fold the norm of the first layer into both of its convolutions."""
    norm = entry.norm
    assert isinstance(norm, nn.BatchNorm2d) and norm.running_var is not None
    entry.image = fuse_conv_bn_eval(entry.image, norm)
    entry.comparison.weight.data *= (norm.weight / (norm.running_var + norm.eps).sqrt()).view(-1, 1, 1, 1)
    entry.norm = nn.Identity()


def describe(file: Path, version: str) -> None:
    """Write into the file what a reader needs to use it."""
    model = onnx.load(file)
    facts = {
        "description": "Jidoka printed-circuit board defects",
        "version": version,
        "task": "detect",
        "stride": str(STRIDE),
        "imgsz": str([SIZE, SIZE]),
        "channels": "3",
        "reference": "optional",
        "names": str(dict(enumerate(KINDS))),
        "license": "as the repository",
    }
    onnx.helper.set_model_props(model, facts)
    model.producer_name, model.producer_version, model.doc_string = "jidoka", version, ""
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, file)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="models.export", description=__doc__)
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path("models/pcb-defects.onnx"))
    parser.add_argument("--version", required=True)
    parser.add_argument("--shift", type=float, default=0.0, help="added to the logits: what models.score.tune prints")
    parser.add_argument("--mirrored", action="store_true", help="mean over mirror images: better, four times slower")
    return parser.parse_args()


if __name__ == "__main__":
    main()
