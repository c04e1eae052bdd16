"""Train the detector on drawn boards: `python -m models.train --out models/build/net.pt`."""

import argparse
import copy
import logging
import math
import time
from pathlib import Path

import torch
from models.train.crops import Crops
from models.train.loss import loss
from models.train.net import Detector
from models.train.store import drawn
from torch.utils.data import DataLoader

from jidoka.simulator.boards import Appearance

log = logging.getLogger("train")

_WARM_UP = 100
_AVERAGE = 0.998
_SAVE_EVERY = 200


def main() -> None:
    """Read the command line, train, write the averaged weights."""
    arguments = _arguments()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.manual_seed(arguments.seed)
    torch.set_num_threads(arguments.threads)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    stores = [
        drawn(arguments.boards, appearance, count, arguments.seed, arguments.threads, arguments.products)
        for appearance, count in ((Appearance.LINESCAN, arguments.linescans), (Appearance.PHOTO, arguments.photos))
    ]
    crops = Crops(stores, [0.65, 0.35], arguments.steps * arguments.batch, arguments.seed + arguments.skip)
    net = Detector().to(device)
    if arguments.start:
        net.load_state_dict(torch.load(arguments.start, weights_only=True))
    log.info("%d parameters on %s", sum(p.numel() for p in net.parameters()), device)
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    _train(net, DataLoader(crops, arguments.batch, num_workers=arguments.workers), arguments, device)


def _train(
    net: Detector, batches: DataLoader[tuple[torch.Tensor, ...]], arguments: argparse.Namespace, device: torch.device
) -> None:
    """Run all batches once; every few minutes and at the end the averaged weights are written."""
    optimiser = torch.optim.AdamW(net.parameters(), lr=arguments.rate, weight_decay=0.02)
    average = copy.deepcopy(net)
    began, seen = time.monotonic(), torch.zeros(2)
    for step, batch in enumerate(batches, 1):
        for group in optimiser.param_groups:
            group["lr"] = _rate(step, arguments)
        images, *asked = (tensor.to(device) for tensor in batch)
        said = net(images.to(memory_format=torch.channels_last))
        parts = loss(*said, *asked)
        optimiser.zero_grad(set_to_none=True)
        torch.autograd.backward(parts)
        torch.nn.utils.clip_grad_norm_(net.parameters(), 10.0)
        optimiser.step()
        _blend(average, net, min(_AVERAGE, step / (step + 20)))
        seen += torch.stack([part.detach().cpu() for part in parts])
        if step % 50 == 0:
            log.info("step %d score %.4f box %.4f, %.0f s", step, *(seen / 50).tolist(), time.monotonic() - began)
            seen.zero_()
        if step % _SAVE_EVERY == 0 or step == arguments.steps:
            torch.save(average.state_dict(), arguments.out)


def _rate(step: int, arguments: argparse.Namespace) -> float:
    """Warm up, then go down along a cosine."""
    done = step / arguments.steps
    return float(arguments.rate * min(1.0, step / _WARM_UP) * (0.01 + 0.99 * (1 + math.cos(math.pi * done)) / 2))


@torch.no_grad()
def _blend(average: Detector, net: Detector, keep: float) -> None:
    for old, new in zip(average.state_dict().values(), net.state_dict().values(), strict=True):
        if old.is_floating_point():
            old.lerp_(new, 1 - keep)
        else:
            old.copy_(new)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="models.train", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="file for the weights")
    parser.add_argument("--boards", type=Path, default=Path("models/build"), help="folder for the drawn boards")
    parser.add_argument("--linescans", type=int, default=4000, help="boards drawn as line scans")
    parser.add_argument("--photos", type=int, default=1600, help="boards drawn as photographs")
    parser.add_argument("--products", nargs="*", default=[], help="products of the line, drawn among the others")
    parser.add_argument("--steps", type=int, default=4000)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--rate", type=float, default=2e-3, help="highest learning rate")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--skip", type=int, default=0, help="added to the seed of the crops, for a second run")
    parser.add_argument("--start", type=Path, help="weights to start from")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--workers", type=int, default=1, help="processes that cut crops")
    return parser.parse_args()


if __name__ == "__main__":
    main()
