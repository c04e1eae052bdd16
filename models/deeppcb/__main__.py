"""Train on DeepPCB's own training images, to compare with what is published; these weights are not shipped.

`python -m models.deeppcb --data deeppcb.tar --start net.pt --out /tmp/deeppcb.pt`
"""

import argparse
import logging
from pathlib import Path

import torch
from models.deeppcb.scans import Scans
from models.score.sources import deeppcb
from models.train.loop import Plan, train
from models.train.net import Detector
from models.train.warm import go_on_from
from torch.utils.data import DataLoader


def main() -> None:
    """Read the command line, train, write the averaged weights."""
    arguments = _arguments()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.manual_seed(arguments.seed)
    torch.set_num_threads(arguments.threads)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    examples = list(deeppcb(arguments.data, "trainval" if arguments.all else "train"))
    scans = Scans(examples, arguments.steps * arguments.batch, arguments.seed)
    net = Detector().to(device, memory_format=torch.channels_last)
    if arguments.start:
        go_on_from(arguments.start, net, scans, device, 4 * arguments.batch)
    logging.getLogger("train").info("%d pairs on %s", len(examples), device)
    batches = DataLoader(scans, arguments.batch, num_workers=1)
    train(net, batches, Plan(arguments.steps, arguments.rate, arguments.out, arguments.bfloat16), device)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="models.deeppcb", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the DeepPCB set, a folder or a tar")
    parser.add_argument("--out", type=Path, required=True, help="file for the weights")
    parser.add_argument("--start", type=Path, help="weights or an exported model to start from")
    parser.add_argument("--all", action="store_true", help="train on the held-out tenth of the training images too")
    parser.add_argument("--steps", type=int, default=2500)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--rate", type=float, default=1.5e-3, help="highest learning rate")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--bfloat16", action="store_true", help="compute in bfloat16: faster where the processor can")
    parser.add_argument("--threads", type=int, default=2)
    return parser.parse_args()


if __name__ == "__main__":
    main()
