"""Runs the shipped model as inference does: RGB in 0..1, class-wise non-maximum suppression at 0.45."""

from pathlib import Path

import cv2
import numpy as np
import onnxruntime
from numpy.typing import NDArray

NMS_IOU = 0.45


class Model:
    """A model with inputs `images` and perhaps `reference`, both (1, 3, 640, 640).

    Its output is (1, 4 + classes, cells): cx, cy, w, h in pixels, then scores.
    """

    def __init__(self, file: Path, threads: int = 1) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
        self.compares = len(self._session.get_inputs()) > 1

    def run(self, tensor: NDArray[np.float32], reference: NDArray[np.float32] | None = None) -> NDArray[np.float32]:
        """Return the raw output (4 + classes, cells) for an image and its reference; none is given as black."""
        feed = {"images": tensor}
        if self.compares:
            feed["reference"] = np.zeros_like(tensor) if reference is None else reference
        return np.asarray(self._session.run(None, feed)[0][0], np.float32)

    def detect(
        self, image: NDArray[np.uint8], least: float, golden: NDArray[np.uint8] | None = None
    ) -> NDArray[np.float32]:
        """Return detections (N, 6) x1, y1, x2, y2, score, class of a 640x640 grey or BGR image, best first."""
        return decoded(self.run(tensor_of(image), None if golden is None else tensor_of(golden)), least)


def tensor_of(image: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return the input tensor (1, 3, H, W) of a grey or BGR image."""
    rgb = cv2.cvtColor(image, cv2.COLOR_GRAY2RGB if image.ndim == 2 else cv2.COLOR_BGR2RGB)
    return np.ascontiguousarray(rgb.transpose(2, 0, 1)[None], np.float32) / np.float32(255)


def decoded(output: NDArray[np.float32], least: float) -> NDArray[np.float32]:
    """Return the detections (N, 6) in an output (4 + classes, cells), each class thinned by itself."""
    classes, cells = np.nonzero(output[4:] >= least)
    scores = output[4 + classes, cells]
    centre, size = output[:2, cells].T, output[2:4, cells].T
    corner = centre - size / 2
    kept = cv2.dnn.NMSBoxesBatched(
        np.hstack([corner, size]).tolist(), scores.tolist(), classes.tolist(), least, NMS_IOU
    )
    rows = np.column_stack([corner, corner + size, scores, classes]).astype(np.float32)
    found = rows[np.asarray(kept, int).reshape(-1)]
    return np.asarray(found[np.argsort(-found[:, 4], kind="stable")], np.float32)
