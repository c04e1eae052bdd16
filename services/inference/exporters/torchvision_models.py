"""torchvision's detectors and a classifier, exported by torch itself."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
import torchvision
from torch import nn

from exporters.case import Boxes, Case, Image, boxes, picture
from exporters.random_weights import liven

SIZE = (320, 240)
MAKERS = {
    "fasterrcnn_mobilenet_v3_large_320_fpn": torchvision.models.detection.fasterrcnn_mobilenet_v3_large_320_fpn,
    "ssdlite320_mobilenet_v3_large": torchvision.models.detection.ssdlite320_mobilenet_v3_large,
    "ssd300_vgg16": torchvision.models.detection.ssd300_vgg16,
    "retinanet_resnet50_fpn": torchvision.models.detection.retinanet_resnet50_fpn,
    "fcos_resnet50_fpn": torchvision.models.detection.fcos_resnet50_fpn,
}


def cases(folder: Path) -> Iterator[Case]:
    """Exports into `folder`."""
    for name, make in MAKERS.items():
        torch.manual_seed(1)
        net = make(weights=None, weights_backbone=None, num_classes=7).eval()
        liven(net, [_tensor(picture(SIZE))])
        for key, layer in net.named_modules():
            if key.endswith(("bbox_pred", "bbox_reg")) or ("regression_head" in key and hasattr(layer, "weight")):
                layer.weight.data.mul_(0.3)  # else most boxes are thinner than a pixel
        path = folder / f"torchvision-{name}.onnx"
        width, height = SIZE
        torch.onnx.export(
            net, ([torch.rand(3, height, width)],), str(path), input_names=["image"], opset_version=17, dynamo=False
        )
        yield Case(f"torchvision {name}", "torchvision", path, _decoder(net), SIZE)
    yield _classifier(folder)


def _decoder(net: nn.Module):  # type: ignore[no-untyped-def]
    def decode(image: Image, floor: float) -> Boxes:
        with torch.no_grad():
            found = net([_tensor(image)])[0]
        return boxes(found["boxes"], found["scores"], found["labels"].numpy() - 1).above(floor)

    return decode


def _tensor(image: Image) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(image[..., ::-1])).permute(2, 0, 1).float() / 255


def _classifier(folder: Path) -> Case:
    torch.manual_seed(2)
    net = torchvision.models.resnet18(weights=None, num_classes=5)
    liven(net.eval(), torch.rand(8, 3, 224, 224))
    path = folder / "torchvision-resnet18.onnx"
    torch.onnx.export(net, (torch.rand(1, 3, 224, 224),), str(path), input_names=["images"], dynamo=False)

    def decode(image: Image, floor: float) -> Boxes:
        with torch.no_grad():
            scores = net(_tensor(image)[None]).softmax(1)[0].numpy()
        whole = np.tile([0, 0, 224, 224], (4, 1))
        return boxes(whole, scores[1:], np.arange(1, 5)).above(floor)

    names = [f"n{number}" for number in range(5)]
    sidecar = f'classes = {names}\ngood = ["n0"]\n'.replace("'", '"')
    return Case("torchvision resnet18", "classification", path, decode, (224, 224), sidecar)
