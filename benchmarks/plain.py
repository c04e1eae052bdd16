"""What a short script does: imdecode, letterbox, blobFromImage, run, threshold, NMSBoxes."""

import time
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import onnxruntime as ort

CONFIDENCE, IOU = 0.75, 0.45
SIDE = 640
Image = npt.NDArray[np.uint8]


class Plain:
    """A model with an output (1, 4 + classes, cells); what it compares with is prepared once, as ours is."""

    def __init__(self, file: Path, golden: Image) -> None:
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        self._session = ort.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
        self._names = [node.name for node in self._session.get_inputs()]
        self._golden = _blob(golden if golden.ndim == 3 else cv2.cvtColor(golden, cv2.COLOR_GRAY2BGR))

    def inspect(self, jpeg: bytes) -> tuple[float, float]:
        """Overhead and run in milliseconds."""
        begun = time.perf_counter()
        blob = _blob(cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR))
        ready = time.perf_counter()
        output = self._session.run(None, dict(zip(self._names, (blob, self._golden), strict=False)))[0]
        ran = time.perf_counter()
        _boxes(output[0].T)
        done = time.perf_counter()
        return (ready - begun + done - ran) * 1000, (ran - ready) * 1000


def _blob(image: Image) -> npt.NDArray[np.float32]:
    return np.asarray(cv2.dnn.blobFromImage(_letterbox(image), 1 / 255, swapRB=True), np.float32)


def _letterbox(image: Image) -> Image:
    height, width = image.shape[:2]
    scale = min(SIDE / height, SIDE / width)
    small = cv2.resize(image, (round(width * scale), round(height * scale)))
    top, left = (SIDE - small.shape[0]) // 2, (SIDE - small.shape[1]) // 2
    bottom, right = SIDE - small.shape[0] - top, SIDE - small.shape[1] - left
    return np.asarray(
        cv2.copyMakeBorder(small, top, bottom, left, right, cv2.BORDER_CONSTANT, value=(114,) * 3), np.uint8
    )


def _boxes(rows: npt.NDArray[np.float32]) -> list[tuple[list[float], float, int]]:
    """Boxes left, top, width, height with score and class, out of rows (cells, 4 + classes)."""
    scores = rows[:, 4:]
    best = scores.max(1)
    sure = best >= CONFIDENCE
    rows, best, classes = rows[sure], best[sure], scores[sure].argmax(1)
    found = []
    for name in np.unique(classes):
        mine = classes == name
        centres = rows[mine, :4]
        boxes = np.column_stack([centres[:, :2] - centres[:, 2:] / 2, centres[:, 2:]]).tolist()
        for index in cv2.dnn.NMSBoxes(boxes, best[mine].tolist(), CONFIDENCE, IOU):
            found.append((boxes[index], float(best[mine][index]), int(name)))
    return found
