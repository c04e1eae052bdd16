"""Milliseconds a frame from JPEG to inspection, less the model's own run, against a plain script around the same model.

One thread; the shipped model, which is shown a golden board, and a net as large as YOLOv8n; images of 640x640 and
1280x1024, grey as line scans are, and in colour. Both sides get the same JPEGs in turn, each in a process of its own.
"""

import hashlib
import itertools
import multiprocessing
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path

import cv2

from figures import quantile
from jidoka.inference.inspector import Inspector
from jidoka.inference.line import GoldenImage, Inference
from jidoka.inference.model import Machine, Model
from jidoka.inference.reference import Golden, Goldens
from jidoka.runtime.memory import keep_freed_memory
from jidoka.schemas import Frame, new_id
from jidoka.simulator.boards import Appearance, draw, golden
from plain import CONFIDENCE, IOU, Image, Plain
from yolo_size import write_yolo_size

SHIPPED = Path(__file__).resolve().parents[1] / "models/pcb-defects.onnx"
SIZES = ((640, 640), (1280, 1024))
SKU = "BOARD-A"
ROUNDS, WARM_UP = 120, 10
Spent = tuple[float, float]
Inspect = Callable[[Frame], Spent]


def main() -> None:
    """Prints the overheads, their ratio, and the whole against the bare run."""
    with tempfile.TemporaryDirectory() as folder:
        other = Path(folder) / "yolo-size.onnx"
        write_yolo_size(other)
        for model, appearance, size in itertools.product((SHIPPED, other), Appearance, SIZES):
            _compare(model, appearance, size)


def _compare(file: Path, appearance: Appearance, size: tuple[int, int]) -> None:
    frames = [_frame(seed, appearance, size) for seed in range(8)]
    board = cv2.resize(golden(SKU, appearance), size)
    ours, theirs, whole, bare = [], [], [], []
    with _side(_ours, file, board) as inspect, _side(_plain, file, board) as script:
        for index in range(ROUNDS + WARM_UP):
            frame = frames[index % len(frames)]
            overhead, run = inspect(frame)
            other, other_run = script(frame)
            if index >= WARM_UP:
                ours.append(overhead)
                whole.append(overhead + run)
                theirs.append(other)
                bare.append(other_run)
    _print(f"{file.stem}, {appearance} {size[0]}x{size[1]}", ours, theirs, whole, bare)


@contextmanager
def _side(serve: Callable[[Connection, Path, Image], None], file: Path, board: Image) -> Iterator[Inspect]:
    """A call that has a process of its own inspect a frame: milliseconds of overhead, and of the model's run."""
    context = multiprocessing.get_context("spawn")
    mine, its = context.Pipe()
    process = context.Process(target=serve, args=(its, file, board), daemon=True)
    process.start()

    def inspect(frame: Frame) -> Spent:
        mine.send(frame)
        spent: Spent = mine.recv()
        return spent

    yield inspect
    process.terminate()
    process.join()


def _ours(asked: Connection, file: Path, board: Image) -> None:
    cv2.setNumThreads(1)
    keep_freed_memory()
    model = Model.load(file, Machine("cpu", 1))
    goldens = _goldens(board) if model.reference else None
    rules = Inference(model=file, confidence=CONFIDENCE, nms_iou=IOU)
    inspector = Inspector(lambda *_: model, rules, "0" * 64, goldens)
    while True:
        frame = asked.recv()
        begun = time.perf_counter()
        run = inspector.inspect(frame).timings.model
        asked.send(((time.perf_counter() - begun) * 1000 - run, run))


def _plain(asked: Connection, file: Path, board: Image) -> None:
    cv2.setNumThreads(1)
    plain = Plain(file, board)
    while True:
        asked.send(plain.inspect(asked.recv().image))


def _print(
    title: str, ours: Sequence[float], theirs: Sequence[float], whole: Sequence[float], bare: Sequence[float]
) -> None:
    middles = [statistics.median(series) for series in (ours, theirs, whole, bare)]
    print(
        f"pipeline {title}: ours {middles[0]:.2f} ms (p99 {quantile(ours, 0.99):.2f}), "
        f"plain {middles[1]:.2f} ms (p99 {quantile(theirs, 0.99):.2f}); "
        f"ratio {middles[0] / middles[1]:.2f} (goal 0.8); "
        f"whole / bare session.run {middles[2] / middles[3]:.3f} (goal for the size of YOLOv8n 1.08)",
        flush=True,
    )


def _goldens(board: Image) -> Goldens:
    data = cv2.imencode(".png", board)[1].tobytes()
    return Goldens([(GoldenImage(sku=SKU, image=Path("golden.png")), Golden(SKU, "0" * 64, data))])


def _frame(seed: int, appearance: Appearance, size: tuple[int, int]) -> Frame:
    image = cv2.resize(draw(seed, SKU, ("open", "spur"), appearance).image, size)
    jpeg = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 85])[1].tobytes()
    return Frame(
        frame_id=new_id(),
        station="AOI1",
        camera="top",
        sku=SKU,
        captured_at=datetime.now(UTC),
        width=size[0],
        height=size[1],
        sha256=hashlib.sha256(jpeg).hexdigest(),
        image=jpeg,
    )


if __name__ == "__main__":
    main()
