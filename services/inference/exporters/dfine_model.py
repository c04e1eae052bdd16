"""D-FINE's own net and the export that RT-DETR, D-FINE and DEIM share; its own post-processor decodes."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from dfine import DFINE
from dfine.export.onnx import export_onnx

from exporters.case import Boxes, Case, Image, boxes, picture
from exporters.random_weights import liven, spread

SIDE, CLASSES = 320, 6


def cases(folder: Path) -> Iterator[Case]:
    """Exports into `folder`."""
    torch.manual_seed(1)
    made = DFINE(size="n", num_classes=CLASSES, imgsz=SIDE, backbone_pretrained=False, device="cpu")
    net, finish = made.model.eval(), made.postprocessor.eval()
    liven(net, _tensor(picture((SIDE, SIDE))))
    for layer in net.decoder.dec_score_head:
        spread(layer, -2.0, 0.5)
    for dynamic in (False, True):
        path = folder / f"dfine-n{'-dynamic' if dynamic else ''}.onnx"
        export_onnx(net, finish, path, imgsz=SIDE, dynamic=dynamic)

        def decode(image: Image, floor: float) -> Boxes:
            height, width = image.shape[:2]
            with torch.no_grad():
                found = finish(net(_tensor(image)), torch.tensor([[width, height]]))[0]
            corners = np.clip(found["boxes"].numpy(), 0, [width, height, width, height])
            return boxes(corners, found["scores"], found["labels"]).above(floor)

        yield Case(f"D-FINE n{', dynamic batch' if dynamic else ''}", "rt-detr", path, decode, (SIDE, SIDE))


def _tensor(image: Image) -> torch.Tensor:
    rgb = np.ascontiguousarray(image[..., ::-1].transpose(2, 0, 1))[None]
    return torch.from_numpy(rgb).float() / 255
