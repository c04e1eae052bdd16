"""YOLOX's own net, exported as its tools/export_onnx.py does, decoded by its own demo code."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import nn
from yolox.data.data_augment import preproc
from yolox.exp import get_exp
from yolox.models.network_blocks import SiLU
from yolox.utils import demo_postprocess, postprocess, replace_module

from exporters.case import IOU, Boxes, Case, Image, boxes, picture
from exporters.random_weights import liven, spread

SIDE, SIZE, CLASSES = 416, (520, 400), 6


def cases(folder: Path) -> Iterator[Case]:
    """Exports into `folder`."""
    for inside in (False, True):
        torch.manual_seed(1)
        experiment = get_exp(None, "yolox-nano")
        experiment.num_classes = CLASSES
        net = replace_module(experiment.get_model().eval(), nn.SiLU, SiLU)
        image = torch.from_numpy(preproc(picture((SIDE, SIDE)), (SIDE, SIDE))[0])[None]
        liven(net, image)
        for layers in (net.head.cls_preds, net.head.obj_preds):
            for layer in layers:
                spread(layer, -0.5)
        for layer in net.head.reg_preds:
            spread(layer, 1.5, 0.3)  # else most boxes are thinner than a pixel
        net.head.decode_in_inference = inside
        path = folder / f"yolox-nano{'-decoded' if inside else ''}.onnx"
        torch.onnx.export(
            net, (image,), str(path), input_names=["images"], output_names=["output"], opset_version=17, dynamo=False
        )
        layout = "yolox-decoded" if inside else "yolox"
        yield Case(f"yolox-nano{', decoded inside' if inside else ''}", layout, path, _decoder(net, inside), SIZE)


def _decoder(net: nn.Module, inside: bool):  # type: ignore[no-untyped-def]
    def decode(image: Image, floor: float) -> Boxes:
        tensor, ratio = preproc(image, (SIDE, SIDE))
        with torch.no_grad():
            output = net(torch.from_numpy(tensor)[None])
        if not inside:
            output = torch.from_numpy(demo_postprocess(output.numpy(), (SIDE, SIDE)))
        rows = postprocess(output, CLASSES, floor, IOU)[0]
        if rows is None:
            return boxes([], [], [])
        height, width = image.shape[:2]
        corners = np.clip(rows[:, :4].numpy() / ratio, 0, [width, height, width, height])
        return boxes(corners, rows[:, 4] * rows[:, 5], rows[:, 6])

    return decode
