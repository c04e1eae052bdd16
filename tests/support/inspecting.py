"""The inference service as a process, with a model that is made here and a camera that sends 20 frames a second."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx
from bus_tap import Tap
from line_stack import wait_for
from onnx import TensorProto, helper, numpy_helper

from jidoka.runtime.testing import Mosquitto

RATE = 20.0
SCOPE = "jidoka/v1/demo/line1"
BOARD = np.full((480, 640, 3), 90, np.uint8)
BOARD[80:240, 80:240] = (0, 0, 255)
JPEG = cv2.imencode(".jpg", BOARD)[1].tobytes()


def inspections(bus: Tap) -> list[dict[str, Any]]:
    """All that came in so far."""
    return [json.loads(payload) for topic, payload, _ in list(bus.seen) if "/inspections/" in topic]


def until_ready(bus: Tap) -> None:
    """A frame is a stream: what comes before the service has subscribed is not inspected."""

    def probe() -> bool:
        _post(bus, str(uuid.uuid4()))
        return bool(bus.seen)

    wait_for("first inspection", probe, 60)


def until_made_by(bus: Tap, sha256: str) -> float:
    """When ten inspections in a row were made by that model."""
    wait_for("inspections by the model", lambda: _last_ten(bus) == [sha256] * 10, 60)
    return time.monotonic()


def _last_ten(bus: Tap) -> list[str]:
    return [row["model"]["sha256"] for row in inspections(bus)[-10:]]


@contextmanager
def service(broker: Mosquitto, folder: Path, model: Path) -> Iterator[None]:
    """A running `jidoka.inference`, which must end well."""
    line = folder / "line.toml"
    line.write_text(f'site = "demo"\nline = "line1"\ntimezone = "UTC"\n[inference]\nmodel = "{model}"\n')
    environment = _environment(folder) | {"LINE_FILE": str(line), "MQTT_PORT": str(broker.port), "HTTP_PORT": "0"}
    with (folder / "log").open("wb") as log:
        command = [sys.executable, "-m", "jidoka.inference"]
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    try:
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0, (folder / "log").read_text()[-2000:]


def _environment(folder: Path) -> dict[str, str]:
    return {**os.environ, "DATA_DIR": str(folder / "data"), "INFERENCE_THREADS": "1", "LOG_FORMAT": "json"}


def roll_back(folder: Path, model: Path) -> None:
    """The command."""
    command = [sys.executable, "-m", "jidoka.inference.archive", str(model)]
    subprocess.run(command, env=_environment(folder), check=True, capture_output=True, timeout=60)


@contextmanager
def camera(bus: Tap) -> Iterator[list[str]]:
    """Sends a frame every 50 ms from a thread of its own; the ids of all that were sent."""
    sent: list[str] = []
    stop = threading.Event()

    def run() -> None:
        due = time.monotonic()
        while not stop.wait(max(0.0, due - time.monotonic())):
            due += 1 / RATE
            frame_id = str(uuid.uuid4())
            _post(bus, frame_id)
            sent.append(frame_id)

    worker = threading.Thread(target=run)
    worker.start()
    try:
        yield sent
    finally:
        stop.set()
        worker.join()


def _post(bus: Tap, frame_id: str) -> None:
    meta = {
        "frame_id": frame_id, "station": "AOI1", "camera": "top", "captured_at": datetime.now(UTC).isoformat(),
        "width": 640, "height": 480, "sha256": hashlib.sha256(JPEG).hexdigest(),
    }  # fmt: skip
    bus.post(f"{SCOPE}/frames/AOI1/top", JPEG, {"schema": "Frame/1", "meta": json.dumps(meta)})


def detector(path: Path, version: str) -> str:
    """A detector of red, 64 x 64, one anchor per 8 x 8 cell; its sha256."""
    cells = np.arange(64)
    boxes = np.stack([cells % 8 * 8 + 4, cells // 8 * 8 + 4, np.full(64, 8), np.full(64, 8)]).astype(np.float32)
    nodes = [
        helper.make_node("AveragePool", ["images"], ["cells"], kernel_shape=[8, 8], strides=[8, 8]),
        helper.make_node("Conv", ["cells", "mix"], ["mixed"]),
        helper.make_node("Clip", ["mixed", "zero", "one"], ["scores4"]),
        helper.make_node("Reshape", ["scores4", "flat"], ["scores"]),
        helper.make_node("Concat", ["boxes", "scores"], ["output0"], axis=1),
    ]
    constants = {
        "mix": np.array([1, -0.5, -0.5], np.float32).reshape(1, 3, 1, 1), "zero": np.float32(0), "one": np.float32(1),
        "flat": np.array([1, 1, 64]), "boxes": boxes[None],
    }  # fmt: skip
    graph = helper.make_graph(
        nodes,
        "red",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, 64, 64])],
        [helper.make_tensor_value_info("output0", TensorProto.FLOAT, [1, 5, 64])],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    names = {"names": "['red']", "task": "detect", "imgsz": "[64, 64]", "version": version}
    helper.set_model_props(model, names)
    onnx.save(model, str(path))
    return hashlib.sha256(path.read_bytes()).hexdigest()
