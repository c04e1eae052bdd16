"""Score the shipped model: `python -m models.score [--deeppcb folder-or-tar]`."""

import argparse
import time
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from models.score.detect import Model, tensor_of
from models.score.metrics import Matches, Rows, f_score, matched, pooled
from models.score.sources import Example, deeppcb, drawn_boards

from jidoka.simulator.boards import KINDS, Appearance

_LEAST = 0.01
_IOUS = (0.33, 0.5)
_WITH, _WITHOUT = "with its golden board", "without golden board"


def main() -> None:
    """Print the figures of the model on each test set, with golden boards and without."""
    arguments = _arguments()
    model = Model(arguments.model, arguments.threads)
    confidence = arguments.confidence
    print(f"{arguments.model}, confidence {confidence}, {_milliseconds(model):.1f} ms a run on one input")
    for appearance in Appearance if arguments.boards else ():
        bad, truths = _look(model, drawn_boards(appearance, arguments.boards, arguments.seed, good=False))
        good, _ = _look(model, drawn_boards(appearance, arguments.boards, arguments.seed, good=True))
        for words in bad:
            _print_set(f"drawn boards with defects, {appearance}, {words}", bad[words], truths, confidence)
            _print_good(f"good boards, {appearance}, {words}", good[words], confidence)
    if arguments.deeppcb:
        found, truths = _look(model, deeppcb(arguments.deeppcb, arguments.split))
        for words in found:
            _print_set(f"DeepPCB {arguments.split}, {words}", found[words], truths, confidence)


def _look(model: Model, examples: Iterable[Example]) -> tuple[dict[str, list[Rows]], list[Rows]]:
    """Return what the model finds, with the golden boards (if it compares) and without, and the truth."""
    found: dict[str, list[Rows]] = {_WITH: [], _WITHOUT: []} if model.compares else {_WITHOUT: []}
    truths: list[Rows] = []
    for example in examples:
        for words, rows in found.items():
            rows.append(model.detect(example.image, _LEAST, example.golden if words == _WITH else None))
        truths.append(example.truth)
    return found, truths


def _print_set(title: str, found: list[Rows], truths: list[Rows], confidence: float) -> None:
    print(f"\n{title}: {len(truths)} images, {sum(map(len, truths))} defects")
    for iou in _IOUS:
        by_class = [matched(found, truths, kind, iou) for kind in range(len(KINDS))]
        _print_iou(by_class, iou, confidence)
    calls = [bool(np.any(rows[:, 4] >= confidence)) for rows, truth in zip(found, truths, strict=True) if len(truth)]
    print(f"  boards with defects on which nothing was called (escapes): {calls.count(False)} of {len(calls)}")


def _print_iou(by_class: list[Matches], iou: float, confidence: float) -> None:
    whole = pooled(by_class)
    hits, false_calls = whole.counts(confidence)
    best = max((f_score(*whole.counts(c), whole.truths), c) for c in np.arange(0.05, 1, 0.05))
    print(f"  IoU {iou}: mAP {np.nanmean([m.average_precision() for m in by_class]):.4f}, ", end="")
    print(f"all classes in one {whole.average_precision():.4f}, ", end="")
    print(f"F {f_score(hits, false_calls, whole.truths):.4f} (best {best[0]:.4f} at {best[1]:.2f}), ", end="")
    print(f"recall {hits / max(1, whole.truths):.4f}, missed {whole.truths - hits}, false calls {false_calls}")
    for kind, matches in zip(KINDS, by_class, strict=True):
        hit, wrong = matches.counts(confidence)
        recall = hit / max(1, matches.truths)
        print(f"    {kind:16} AP {matches.average_precision():.4f} recall {recall:.4f} false calls {wrong}")


def _print_good(title: str, found: list[Rows], confidence: float) -> None:
    calls = [int(np.sum(rows[:, 4] >= confidence)) for rows in found]
    print(f"{title}: {sum(map(bool, calls))} of {len(calls)} failed, {sum(calls)} false calls")


def _milliseconds(model: Model, runs: int = 20) -> float:
    tensor = tensor_of(np.full((640, 640), 255, np.uint8))
    model.run(tensor, tensor)
    times = []
    for _ in range(runs):
        began = time.perf_counter()
        model.run(tensor, tensor)
        times.append(time.perf_counter() - began)
    return float(np.median(times)) * 1000


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="models.score", description=__doc__)
    parser.add_argument("--model", type=Path, default=Path("models/pcb-defects.onnx"))
    parser.add_argument("--boards", type=int, default=500, help="drawn boards of each sort; 0: none")
    parser.add_argument("--seed", type=int, default=900)
    parser.add_argument("--confidence", type=float, default=0.75)
    parser.add_argument("--deeppcb", type=Path, help="the DeepPCB set, a folder or a tar")
    parser.add_argument("--split", default="test", choices=["test", "trainval", "train", "held-out"])
    parser.add_argument("--threads", type=int, default=1)
    return parser.parse_args()


if __name__ == "__main__":
    main()
