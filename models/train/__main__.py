"""Train the detector on drawn boards: `python -m models.train --out models/build/net.pt`."""

import argparse
import logging
from pathlib import Path

import torch
from models.train.crops import Crops
from models.train.loop import Plan, train
from models.train.net import Detector
from models.train.store import drawn
from models.train.warm import go_on_from
from torch.utils.data import DataLoader

from jidoka.simulator.boards import Appearance

log = logging.getLogger("train")


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
    net = Detector().to(device, memory_format=torch.channels_last)
    if arguments.start:
        go_on_from(arguments.start, net, crops, device, 4 * arguments.batch)
    log.info("%d parameters on %s", sum(p.numel() for p in net.parameters()), device)
    batches = DataLoader(crops, arguments.batch, num_workers=arguments.workers)
    train(net, batches, Plan(arguments.steps, arguments.rate, arguments.out, arguments.bfloat16), device)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="models.train", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="file for the weights")
    parser.add_argument("--boards", type=Path, default=Path("models/build"), help="folder for the drawn boards")
    parser.add_argument("--linescans", type=int, default=1600, help="layouts drawn as line scans")
    parser.add_argument("--photos", type=int, default=600, help="layouts drawn as photographs")
    parser.add_argument("--products", nargs="*", default=[], help="products of the line, drawn among the others")
    parser.add_argument("--steps", type=int, default=4000)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--rate", type=float, default=2e-3, help="highest learning rate")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--skip", type=int, default=0, help="added to the seed of the crops, for a second run")
    parser.add_argument("--start", type=Path, help="weights or an exported model to start from")
    parser.add_argument("--bfloat16", action="store_true", help="compute in bfloat16: faster where the processor can")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--workers", type=int, default=1, help="processes that cut crops")
    return parser.parse_args()


if __name__ == "__main__":
    main()
