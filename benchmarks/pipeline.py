"""Milliseconds a frame from JPEG to inspection, less the model's own run, against a plain script around the same model.

One thread, the shipped model (640x640 input), images of 640x640 and 1280x1024. Both sides get the same JPEGs in turn.
"""

import hashlib
import statistics
import time
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import onnxruntime as ort

from figures import quantile
from jidoka.inference.inspector import Inspector
from jidoka.inference.line import Inference
from jidoka.inference.model import Machine, Model
from jidoka.schemas import Frame, Inspection, new_id
from jidoka.simulator.boards import draw

MODEL = Path(__file__).resolve().parents[1] / "models/pcb-defects.onnx"
SIZES = ((640, 640), (1280, 1024))
ROUNDS, WARM_UP = 120, 10
CONFIDENCE, IOU = 0.75, 0.45
Image = npt.NDArray[np.uint8]
Series = list[float]


def main() -> None:
    """Prints the overheads, their ratio, and the whole against the bare run."""
    cv2.setNumThreads(1)
    model = Model.load(MODEL, Machine("cpu", 1))
    rules = Inference(model=MODEL, confidence=CONFIDENCE, nms_iou=IOU)
    inspector = Inspector(lambda *_: model, rules, "0" * 64)
    plain = Plain()
    for width, height in SIZES:
        ours, theirs, bare = _measure(inspector, plain, width, height)
        mine, other = statistics.median(ours), statistics.median(theirs)
        print(
            f"pipeline {width}x{height}: ours {mine:.2f} ms (p99 {quantile(ours, 0.99):.2f}), plain {other:.2f} ms;",
            end=" ",
        )
        whole = 1 + mine / statistics.median(bare)
        print(f"ratio {mine / other:.2f} (goal 0.8); whole / bare session.run {whole:.2f}")


class Plain:
    """What a short script does: imdecode, letterbox, blobFromImage, run, threshold, NMSBoxes."""

    def __init__(self) -> None:
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = ort.InferenceSession(str(MODEL), options, providers=["CPUExecutionProvider"])
        self.name = self.session.get_inputs()[0].name

    def inspect(self, jpeg: bytes) -> tuple[float, float]:
        """Overhead and run in milliseconds."""
        begun = time.perf_counter()
        image = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
        blob = cv2.dnn.blobFromImage(_letterbox(image), 1 / 255, swapRB=True)
        ready = time.perf_counter()
        output = self.session.run(None, {self.name: blob})[0]
        ran = time.perf_counter()
        rows = output[0].T
        scores = rows[:, 4:]
        classes, best = scores.argmax(1), scores.max(1)
        for name in range(scores.shape[1]):
            chosen = (classes == name) & (best >= CONFIDENCE)
            centres = rows[chosen, :4]
            boxes = np.column_stack([centres[:, :2] - centres[:, 2:] / 2, centres[:, 2:]])
            cv2.dnn.NMSBoxes(boxes.tolist(), best[chosen].tolist(), CONFIDENCE, IOU)
        done = time.perf_counter()
        return (ready - begun + done - ran) * 1000, (ran - ready) * 1000


def _letterbox(image: Image) -> Image:
    height, width = image.shape[:2]
    scale = min(640 / height, 640 / width)
    small = cv2.resize(image, (round(width * scale), round(height * scale)))
    top, left = (640 - small.shape[0]) // 2, (640 - small.shape[1]) // 2
    bottom, right = 640 - small.shape[0] - top, 640 - small.shape[1] - left
    return np.asarray(
        cv2.copyMakeBorder(small, top, bottom, left, right, cv2.BORDER_CONSTANT, value=(114,) * 3), np.uint8
    )


def _measure(
    inspector: Inspector, plain: Plain, width: int, height: int
) -> tuple[list[float], list[float], list[float]]:
    frames = [_frame(seed, width, height) for seed in range(8)]
    ours, theirs, bare = [], [], []
    for index in range(ROUNDS + WARM_UP):
        frame = frames[index % len(frames)]
        begun = time.perf_counter()
        inspection: Inspection = inspector.inspect(frame)
        mine = (time.perf_counter() - begun) * 1000 - inspection.timings.model
        other, run = plain.inspect(frame.image)
        if index >= WARM_UP:
            ours.append(mine)
            theirs.append(other)
            bare.append(run)
    return ours, theirs, bare


def _frame(seed: int, width: int, height: int) -> Frame:
    image = cv2.resize(draw(seed, "BOARD-A", defects=("open", "spur")).image, (width, height))
    jpeg = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 85])[1].tobytes()
    return Frame(
        frame_id=new_id(),
        station="AOI1",
        camera="top",
        captured_at=datetime.now(UTC),
        width=width,
        height=height,
        sha256=hashlib.sha256(jpeg).hexdigest(),
        image=jpeg,
    )


if __name__ == "__main__":
    main()
