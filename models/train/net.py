"""The detector: an anchor-free single-stage net of plain 3x3 convolutions with one head at stride 8.

It sees the image, the golden board laid over it, and what one has that the other has not. Inputs are (N, 3, H, W) RGB
in 0..1, H and W multiples of 32; a reference that is all black means that there is none. Plain convolutions with ReLU
run faster on a CPU than depthwise ones of the same quality.
"""

import torch
from models.train.align import aligned, grey
from torch import Tensor, nn
from torch.nn import functional

from jidoka.simulator.boards import KINDS

STRIDE = 8


class Conv(nn.Sequential):
    """Convolution, batch normalisation, ReLU."""

    def __init__(self, inputs: int, outputs: int, size: int = 3, stride: int = 1, padding: int | None = None) -> None:
        padding = size // 2 if padding is None else padding
        super().__init__(
            nn.Conv2d(inputs, outputs, size, stride, padding, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()
        )


class Entry(nn.Module):
    """The first convolution, of the image and of the comparison: both give (N, 32, H/4, W/4), and are added."""

    def __init__(self, outputs: int) -> None:
        super().__init__()
        self.image = nn.Conv2d(3, outputs, 6, stride=4, padding=1, bias=False)
        self.comparison = nn.Conv2d(3, outputs, 4, stride=2, padding=1, bias=False)
        self.norm: nn.Module = nn.BatchNorm2d(outputs)

    def forward(self, images: Tensor, comparison: Tensor) -> Tensor:
        """Take (N, 3, H, W) and (N, 3, H/2, W/2)."""
        both: Tensor = self.norm(self.image(images) + self.comparison(comparison))
        return both.relu()


class Block(nn.Module):
    """Two convolutions around which the input is added."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.inner = nn.Sequential(Conv(width, width), Conv(width, width))

    def forward(self, x: Tensor) -> Tensor:
        """Keep the shape (N, C, H, W)."""
        change: Tensor = self.inner(x)
        return x + change


class Detector(nn.Module):
    """Scores and boxes for each 8x8 cell of the image."""

    def __init__(self, classes: int = len(KINDS)) -> None:
        super().__init__()
        self.entry, self.quarter = Entry(32), Conv(32, 32)
        self.eighth = nn.Sequential(Conv(32, 48, stride=2), Block(48))
        self.sixteenth = nn.Sequential(Conv(48, 80, stride=2), Block(80))
        self.thirtysecond = nn.Sequential(Conv(80, 112, stride=2), Block(112))
        self.down16 = Conv(112, 80, 1)
        self.mix16 = Conv(80, 80)
        self.down8 = Conv(80, 64, 1)
        self.side8 = Conv(48, 64, 1)
        self.mix8 = Conv(64, 64)
        self.score = nn.Sequential(Conv(64, 48), _last(48, classes, bias=-5.0))
        self.sides = nn.Sequential(Conv(64, 48), _last(48, 4, bias=1.8))

    def forward(self, images: Tensor, comparison: Tensor) -> tuple[Tensor, Tensor]:
        """Look at images (N, 3, H, W) and what `compared` says of them.

        Return class logits (N, classes, H/8, W/8) and distances left, top, right, bottom (N, 4, H/8, W/8) in cells,
        counted from the middle of the cell to the sides of the box.
        """
        at8 = self.eighth(self.quarter(self.entry(images, comparison)))
        at16 = self.sixteenth(at8)
        at32 = self.thirtysecond(at16)
        at16 = self.mix16(at16 + _doubled(self.down16(at32)))
        at8 = self.mix8(self.side8(at8) + _doubled(self.down8(at16)))
        return self.score(at8), functional.softplus(self.sides(at8))


@torch.no_grad()
def compared(images: Tensor, reference: Tensor) -> Tensor:
    """Return the reference where the image is, and how much brighter and darker the image is (N, 3, H/2, W/2).

    The first is from -0.5 to 0.5, the others from 0; all are 0 where there is no reference.
    """
    there = (reference.amax(dim=(1, 2, 3), keepdim=True) > 0).to(images.dtype)
    seen = grey(images)
    golden = aligned(seen, grey(reference))
    change = seen - golden
    return torch.cat([golden - 0.5, change.clamp(min=0), (-change).clamp(min=0)], dim=1) * there


def centres(height: int, width: int, device: torch.device | None = None) -> tuple[Tensor, Tensor]:
    """Return x (1, 1, W) and y (1, H, 1) of the cell middles, in cells."""
    x = torch.arange(width, device=device, dtype=torch.float32) + 0.5
    y = torch.arange(height, device=device, dtype=torch.float32) + 0.5
    return x.view(1, 1, -1), y.view(1, -1, 1)


def corners(sides: Tensor) -> Tensor:
    """Turn distances (N, 4, h, w) into boxes x1, y1, x2, y2 (N, 4, h, w), in cells."""
    x, y = centres(sides.shape[2], sides.shape[3], sides.device)
    return torch.stack([x - sides[:, 0], y - sides[:, 1], x + sides[:, 2], y + sides[:, 3]], dim=1)


def _last(inputs: int, outputs: int, bias: float) -> nn.Conv2d:
    layer = nn.Conv2d(inputs, outputs, 1)
    layer.bias = nn.Parameter(torch.full((outputs,), bias))
    return layer


def _doubled(x: Tensor) -> Tensor:
    return functional.interpolate(x, scale_factor=2.0, mode="nearest")
