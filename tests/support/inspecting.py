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
from bus_tap import Tap
from colour_model import colour_detector
from line_stack import wait_for

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
    """A detector of red; its sha256."""
    return hashlib.sha256(colour_detector(path, ("red",), version=version).read_bytes()).hexdigest()
