"""Write trained weights as the shipped ONNX file: `python -m models.export --weights net.pt --version 1.0.0`."""

import argparse
import copy
from pathlib import Path

import onnx
import torch
from models.train.net import STRIDE, Conv, Detector, corners
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from jidoka.simulator.boards import KINDS

SIZE = 640


class Exported(nn.Module):
    """The detector with its output decoded: (N, 4 + classes, cells), cx, cy, w, h in pixels and scores in 0..1."""

    def __init__(self, net: Detector, steepness: float, shift: float) -> None:
        super().__init__()
        self.net = net
        self.steepness, self.shift = steepness, shift

    def forward(self, images: Tensor) -> Tensor:
        """Decode one batch (N, 3, H, W)."""
        logits, sides = self.net(images)
        boxes = corners(sides) * STRIDE
        low, high = boxes[:, :2], boxes[:, 2:]
        scores = torch.sigmoid(logits * self.steepness + self.shift)
        return torch.cat([(low + high) / 2, high - low, scores], dim=1).flatten(2)


def main() -> None:
    """Read the command line, fuse, export, describe."""
    arguments = _arguments()
    net = Detector()
    net.load_state_dict(torch.load(arguments.weights, weights_only=True))
    exported = Exported(fused(net.eval()), arguments.steepness, arguments.shift).eval()
    torch.onnx.export(
        exported, (torch.zeros(1, 3, SIZE, SIZE),), arguments.out, input_names=["images"], output_names=["output0"],
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
    return net


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
    parser.add_argument("--steepness", type=float, default=1.0, help="factor on the class logits, to calibrate scores")
    parser.add_argument("--shift", type=float, default=0.0, help="added to the class logits after the factor")
    return parser.parse_args()


if __name__ == "__main__":
    main()
