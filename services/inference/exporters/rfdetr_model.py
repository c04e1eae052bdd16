"""RF-DETR's own export of its smallest net; its own predict decodes."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from rfdetr import RFDETRNano

from exporters.case import Boxes, Case, Image, boxes

CLASSES = 4


def cases(folder: Path) -> Iterator[Case]:
    """Exports into `folder`."""
    torch.manual_seed(1)
    net = RFDETRNano(pretrain_weights=None, num_classes=CLASSES, device="cpu")
    inner = net.model.model
    with torch.no_grad():
        inner.class_embed.weight.normal_(0, 0.2)
    side = net.model.resolution
    made = net.export(output_dir=str(folder), verbose=False)
    path = Path(made) if made else folder / "inference_model.onnx"

    def decode(image: Image, floor: float) -> Boxes:
        found = net.predict(np.ascontiguousarray(image[..., ::-1]), threshold=floor)
        shown = boxes(np.clip(found.xyxy, 0, side), found.confidence, found.class_id)
        keep = shown.classes < CLASSES
        return Boxes(shown.corners[keep], shown.scores[keep], shown.classes[keep])

    names = [f"n{number}" for number in range(CLASSES)]
    sidecar = f"classes = {names}\n".replace("'", '"')
    yield Case("rfdetr nano", "rf-detr", path, decode, (side, side), sidecar)
