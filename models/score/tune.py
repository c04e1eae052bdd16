"""Find what to add to the logits so that 0.75 is the best threshold: `python -m models.score.tune`.

It looks at drawn boards that neither training nor `models.score` sees; `models.export --shift` takes what it prints.
"""

import argparse
from pathlib import Path

import numpy as np
from models.score.detect import Model
from models.score.metrics import Rows, matched, pooled
from models.score.sources import drawn_boards
from numpy.typing import NDArray

from jidoka.simulator.boards import KINDS, Appearance

_LEAST, _IOU = 0.02, 0.33
_CONFIDENCE = 0.75
_MISS = 3.0
"""How much worse it is to miss a defect than to stop a good part."""


def main() -> None:
    """Read the command line, look at the boards, print one shift for all classes: errors are too few to tell more."""
    arguments = _arguments()
    model = Model(arguments.model, arguments.threads)
    found: list[Rows] = []
    truths: list[Rows] = []
    for appearance in Appearance:
        for good in (False, True):
            for example in drawn_boards(appearance, arguments.boards, arguments.seed, good):
                found.append(model.detect(example.image, _LEAST, example.golden))
                truths.append(example.truth)
    matches = pooled([matched(found, truths, kind, _IOU) for kind in range(len(KINDS))])
    threshold = best_threshold(matches.scores, matches.hits, matches.truths, len(found))
    hits, false_calls = matches.counts(threshold)
    print(f"best at {threshold:.2f}: {matches.truths - hits} of {matches.truths} missed, ", end="")
    print(f"{false_calls} false calls on {len(found)} boards")
    print(f"--shift {_logit(_CONFIDENCE) - _logit(threshold):.2f}")


def best_threshold(scores: NDArray[np.float32], hits: NDArray[np.bool_], truths: int, boards: int) -> float:
    """Return where the share of missed defects, three times, and of boards with a false call are least, together.

    Of thresholds that are equally good, the middle one.
    """
    thresholds = np.arange(0.1, 0.96, 0.01)
    taken = scores[None] >= thresholds[:, None]
    cost = _MISS * (1 - (taken & hits).sum(axis=1) / max(1, truths)) + (taken & ~hits).sum(axis=1) / boards
    best = np.flatnonzero(cost <= cost.min() + 1e-9)
    return float(thresholds[best[len(best) // 2]])


def _logit(share: float) -> float:
    return float(np.log(share / (1 - share)))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="models.score.tune", description=__doc__)
    parser.add_argument("--model", type=Path, default=Path("models/pcb-defects.onnx"))
    parser.add_argument("--boards", type=int, default=300, help="drawn boards of each sort")
    parser.add_argument("--seed", type=int, default=700)
    parser.add_argument("--threads", type=int, default=1)
    return parser.parse_args()


if __name__ == "__main__":
    main()
