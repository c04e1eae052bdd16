"""Lays the reference over the image: a shift and a turn found by least squares, then one warp. Nothing here is learnt.

The service hands over the golden board as it was taken; the part under the camera lies a few pixels and some tenths
of a degree off it. A net that sees both learns soon what is different when they lie on each other. All of it works on
grey images of half the size: that keeps every defect, and costs a quarter.
"""

import torch
from torch import Tensor
from torch.nn import functional

_GREY = (0.5, 0.3, 0.2)
"""Weights of red, green and blue: on every laminate in use, copper then differs from what is around it."""

_LEVELS = (4, 4, 4, 2)
"""One step of the search each: how many pixels of the grey image are averaged in it, per side."""

_FLAT = 9
_MOST_SHIFT, _MOST_TURN = 6.0, 0.035
"""Pixels of the grey image, and radians: beyond this the reference is left where it is."""


def grey(images: Tensor) -> Tensor:
    """Return (N, 1, H/2, W/2) of RGB images (N, 3, H, W)."""
    weights = images.new_tensor(_GREY).view(1, 3, 1, 1)
    return functional.conv2d(functional.avg_pool2d(images, 2), weights)


def aligned(image: Tensor, reference: Tensor) -> Tensor:
    """Return the reference (N, 1, H, W) moved onto the image (N, 1, H, W), with the image's brightness and contrast."""
    moved = warped(reference, placement(image, reference))
    axes = (1, 2, 3)
    mine, its = image.mean(axes, keepdim=True), moved.mean(axes, keepdim=True)
    spread = ((moved - its) ** 2).mean(axes, keepdim=True)
    shared = ((moved - its) * (image - mine)).mean(axes, keepdim=True)
    gain = (shared / (spread + 1e-4)).clamp(0.4, 2.5)
    return (moved - its) * gain + mine


def placement(image: Tensor, reference: Tensor) -> Tensor:
    """Return shift x, shift y (pixels) and turn (radians) (N, 3) of the reference, both grey (N, 1, H, W)."""
    place = torch.zeros(image.shape[0], 3, device=image.device)
    for level in _LEVELS:
        a = _texture(functional.avg_pool2d(image, level))
        b = _texture(functional.avg_pool2d(reference, level))
        scale = place.new_tensor([1 / level, 1 / level, 1.0])
        place = place + _step(a, warped(b, place * scale)) / scale
    most = place.new_tensor([_MOST_SHIFT, _MOST_SHIFT, _MOST_TURN])
    return place * (place.abs() < most).all(dim=1, keepdim=True)


def warped(image: Tensor, place: Tensor) -> Tensor:
    """Return `image` (N, 1, H, W) sampled at each point's place, moved by `place` (N, 3): shift x, shift y, turn."""
    x, y = _axes(image)
    shift_x, shift_y, turn = (value.view(-1, 1, 1) for value in place.unbind(dim=1))
    height, width = image.shape[2:]
    grid = torch.stack([(x + shift_x - turn * y) * (2 / width), (y + shift_y + turn * x) * (2 / height)], dim=3)
    return functional.grid_sample(image, grid, mode="bilinear", padding_mode="border", align_corners=False)


def _step(image: Tensor, moved: Tensor) -> Tensor:
    """Return the change of place (N, 3) that takes `moved` nearer to `image`: one step of Gauss and Newton.

    Where the two differ much there is a defect, not a slip: such pixels weigh little.
    """
    x, y = _axes(image)
    size = float(image.shape[3]) / 2
    padded = functional.pad(moved, (1, 1, 1, 1), mode="replicate")
    right = ((padded[:, :, 1:-1, 2:] - padded[:, :, 1:-1, :-2]) / 2)[:, 0]
    down = ((padded[:, :, 2:, 1:-1] - padded[:, :, :-2, 1:-1]) / 2)[:, 0]
    slopes = torch.stack([right, down, (down * x - right * y) / size], dim=1).flatten(2)
    error = (image - moved).flatten(2)
    weight = 1 / (1 + error**2)
    normal = (slopes * weight) @ slopes.transpose(1, 2) / slopes.shape[2]
    wanted = ((slopes * weight) @ error.transpose(1, 2) / slopes.shape[2])[:, :, 0]
    return _solved(normal, wanted) * image.new_tensor([1.0, 1.0, 1 / size])


def _solved(a: Tensor, b: Tensor) -> Tensor:
    """Return x of (a + a little) x = b for symmetric a (N, 3, 3) and b (N, 3), by cofactors: ONNX has no solver."""
    a = a + 3e-4 * torch.eye(3, device=a.device)
    first, second, third = a.unbind(dim=1)
    rows = torch.stack([_cross(second, third), _cross(third, first), _cross(first, second)], dim=1)
    volume = (first * rows[:, 0]).sum(dim=1, keepdim=True)
    return (rows * b[:, :, None]).sum(dim=1) / volume


def _cross(a: Tensor, b: Tensor) -> Tensor:
    ax, ay, az = a.unbind(dim=1)
    bx, by, bz = b.unbind(dim=1)
    return torch.stack([ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx], dim=1)


def _texture(image: Tensor) -> Tensor:
    """Return the image (N, 1, h, w) without its slow changes of light, and in units of what is left."""
    rough = image - functional.avg_pool2d(image, _FLAT, 1, _FLAT // 2, count_include_pad=False)
    return rough / ((rough**2).mean(dim=(1, 2, 3), keepdim=True).sqrt() + 1e-3)


def _axes(image: Tensor) -> tuple[Tensor, Tensor]:
    """Return x (1, 1, W) and y (1, H, 1) of the pixels, from the middle of the image."""
    height, width = image.shape[2:]
    x = torch.arange(width, device=image.device, dtype=torch.float32) - (width - 1) / 2
    y = torch.arange(height, device=image.device, dtype=torch.float32) - (height - 1) / 2
    return x.view(1, 1, -1), y.view(1, -1, 1)
