"""What the net should say of a crop, and how far off it is.

The cells around the middle of a defect answer for it with score 1; a ring around them is free to say anything; all
others answer 0. With plain cross-entropy the scores are probabilities, so a threshold of 0.75 means what it says.
"""

import torch
from models.train.net import STRIDE, centres, corners
from torch import Tensor
from torch.nn import functional

_POSITIVE = 1.25
_FREE = 2.25
"""Half sides, in cells, of the square that must answer and of the one that may."""

_BOX_WEIGHT = 2.0


def targets(boxes: Tensor, kinds: Tensor, cells: int, classes: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return what a crop of cells x cells asks for, from boxes (M, 4) in pixels and kinds (M,), -1 meaning 'unclear'.

    The scores are (classes, cells, cells) with -1 where anything may be said, the boxes (4, cells, cells) in cells,
    and the mask (cells, cells) says where a box is due.
    """
    scores = torch.zeros(classes, cells, cells)
    wanted = torch.zeros(4, cells, cells)
    due = torch.zeros(cells, cells, dtype=torch.bool)
    nearest = torch.full((cells, cells), float("inf"))
    x, y = (axis[0] for axis in centres(cells, cells))
    for box, kind in zip(boxes / STRIDE, kinds.tolist(), strict=True):
        dx, dy = (x - (box[0] + box[2]) / 2).abs(), (y - (box[1] + box[3]) / 2).abs()
        if kind < 0:
            inside = (dx < (box[2] - box[0]) / 2) & (dy < (box[3] - box[1]) / 2)
            scores[:, inside & ~due] = -1
            continue
        scores[kind, (dx < _FREE) & (dy < _FREE) & (scores[kind] == 0)] = -1
        far = torch.maximum(dx, dy).expand(cells, cells)
        mine = (far < _POSITIVE) & (far < nearest)
        scores[:, mine] = 0
        scores[kind, mine] = 1
        wanted[:, mine] = box[:, None]
        nearest[mine] = far[mine]
        due |= mine
    return scores, wanted, due


def loss(logits: Tensor, sides: Tensor, scores: Tensor, wanted: Tensor, due: Tensor) -> tuple[Tensor, Tensor]:
    """Return the score loss and the weighted box loss of a batch, both per cell that must answer."""
    count = due.sum().clamp(min=1)
    entropy = functional.binary_cross_entropy_with_logits(logits, scores.clamp(min=0), reduction="none")
    score_loss = (entropy * (scores >= 0)).sum() / count
    said = corners(sides).permute(0, 2, 3, 1)[due]
    asked = wanted.permute(0, 2, 3, 1)[due]
    return score_loss, _BOX_WEIGHT * (1 - generalised_iou(said, asked)).sum() / count


def generalised_iou(a: Tensor, b: Tensor) -> Tensor:
    """Return the GIoU of each pair of boxes (M, 4)."""
    overlap = (torch.minimum(a[:, 2:], b[:, 2:]) - torch.maximum(a[:, :2], b[:, :2])).clamp(min=0).prod(dim=1)
    union = (a[:, 2:] - a[:, :2]).prod(dim=1) + (b[:, 2:] - b[:, :2]).prod(dim=1) - overlap
    hull = (torch.maximum(a[:, 2:], b[:, 2:]) - torch.minimum(a[:, :2], b[:, :2])).prod(dim=1)
    return overlap / union.clamp(min=1e-6) - (hull - union) / hull.clamp(min=1e-6)
