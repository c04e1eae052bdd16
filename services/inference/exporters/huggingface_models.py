"""Transformers' RT-DETR, RT-DETRv2, D-FINE, DEIMv2 and DETR, small; their own processors decode the files."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import onnxruntime
import torch
import transformers
from torch import nn

from exporters.case import Boxes, Case, Image, boxes, picture
from exporters.random_weights import liven

SIDE = 256
LABELS = ["n0", "n1", "n2", "n3", "n4"]
SMALL = {
    "d_model": 64, "encoder_hidden_dim": 64, "num_queries": 80, "decoder_layers": 2, "decoder_ffn_dim": 128,
    "encoder_ffn_dim": 128, "decoder_attention_heads": 4, "encoder_attention_heads": 4, "num_labels": len(LABELS),
    "num_denoising": 0, "encoder_in_channels": [32, 48, 64], "decoder_in_channels": [64, 64, 64],
}  # fmt: skip
BACKBONE = {"embedding_size": 16, "depths": [1, 1, 1, 1], "hidden_sizes": [16, 32, 48, 64]}
NETS = {
    "RT-DETR": ("RTDetrConfig", "RTDetrForObjectDetection", "RTDetrImageProcessor"),
    "RT-DETRv2": ("RTDetrV2Config", "RTDetrV2ForObjectDetection", "RTDetrImageProcessor"),
    "D-FINE": ("DFineConfig", "DFineForObjectDetection", "RTDetrImageProcessor"),
    "DEIMv2": ("Deimv2Config", "Deimv2ForObjectDetection", "RTDetrImageProcessor"),
}


class Tensors(nn.Module):
    """Gives the two tensors under the names that optimum gives them."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, pixel_values: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """(logits, boxes)."""
        found = self.net(pixel_values)
        return found.logits, found.pred_boxes


def cases(folder: Path) -> Iterator[Case]:
    """Exports into `folder`."""
    for name, (config, kind, processor) in NETS.items():
        torch.manual_seed(1)
        backbone = transformers.RTDetrResNetConfig(**BACKBONE, out_features=["stage2", "stage3", "stage4"])
        net = getattr(transformers, kind)(getattr(transformers, config)(backbone_config=backbone, **SMALL)).eval()
        reader = getattr(transformers, processor)(do_resize=False)
        yield _case(name, "hf-rt-detr", net, reader, folder, f"classes = {LABELS}\n")
    torch.manual_seed(1)
    small = {"encoder_layers": 2, "decoder_layers": 2, "num_queries": 40, "num_labels": len(LABELS)}
    backbone = transformers.ResNetConfig(**BACKBONE, out_features=["stage4"])
    config = transformers.DetrConfig(
        use_timm_backbone=False, use_pretrained_backbone=False, backbone=None, backbone_config=backbone, **small
    )
    net = transformers.DetrForObjectDetection(config).eval()
    reader = transformers.DetrImageProcessor(do_resize=False, do_pad=False)
    yield _case("DETR", "hf-detr", net, reader, folder, f"classes = {LABELS}\n")


def _case(name: str, layout: str, net: Any, reader: Any, folder: Path, sidecar: str) -> Case:  # noqa: PLR0917
    tensor = _tensor(reader, picture((SIDE, SIDE)))
    liven(net, tensor)
    path = folder / f"transformers-{name.lower()}.onnx"
    torch.onnx.export(
        Tensors(net).eval(), (tensor,), str(path), input_names=["pixel_values"], output_names=["logits", "pred_boxes"],
        opset_version=17, dynamo=False,
    )  # fmt: skip

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])

    def decode(image: Image, floor: float) -> Boxes:
        values = session.run(None, {"pixel_values": _tensor(reader, image).numpy()})
        found = SimpleNamespace(**dict(zip(("logits", "pred_boxes"), map(torch.from_numpy, values), strict=True)))
        size = [(image.shape[0], image.shape[1])]
        rows = reader.post_process_object_detection(found, threshold=floor, target_sizes=size)[0]
        corners = np.clip(rows["boxes"].numpy(), 0, SIDE)
        return boxes(corners, rows["scores"], rows["labels"])

    text = f'layout = "{layout}"\n{sidecar}'.replace("'", '"')
    return Case(f"transformers {name}", layout, path, decode, (SIDE, SIDE), text)


def _tensor(reader: Any, image: Image) -> torch.Tensor:
    rgb = np.ascontiguousarray(image[..., ::-1])
    tensor: torch.Tensor = reader(images=rgb, return_tensors="pt")["pixel_values"]
    return tensor
