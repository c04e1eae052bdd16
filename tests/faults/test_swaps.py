"""`make faults`: parts before a CV-X whose triggers, results and images are delayed, lost, doubled, swapped and cut.

Every image shows which part was before the camera. No frame may show another part than the one it is given to, and
every part ends as a frame or as a failed capture. FAULT_SEED repeats a run, FAULT_PARTS sets its length.
"""

import os
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import cv2
import numpy as np
import pytest

from jidoka.runtime.bus import Bus
from jidoka.runtime.journal import Journal
from jidoka.runtime.testing import Mosquitto, free_port, mosquitto
from jidoka.schemas import CaptureFailed, DeviceStatus, Frame, PartArrived, Scope, new_id
from jidoka.simulator.keyence import Controller, Push, RandomFaults, serve

PARTS = int(os.environ.get("FAULT_PARTS", "2000"))
SEED = int(os.environ.get("FAULT_SEED", str(random.randrange(10**6))))
TAKT = 0.15
FAULTS = 0.2
LONGEST_DELAY = 3 * TAKT
PAUSE, PAUSE_EVERY = 1.5, 25
CELL, BITS = 40, 16
MODES = {
    "commanded": f'trigger = "part"\nbegin_within_ms = {TAKT * 700:.0f}',
    "wired": f'trigger = "camera"\nwindow_ms = {TAKT * 500:.0f}\nsettle_ms = {PAUSE * 800:.0f}',
}


class Belt:
    """One part at a time before the camera, each with its number drawn as light and dark cells."""

    def __init__(self) -> None:
        self.part = 0

    def look(self, camera: int) -> tuple[bytes, bool]:
        """The part that is there now."""
        return drawn(self.part), True


def drawn(part: int) -> bytes:
    noise = np.random.default_rng(part).integers(0, 60, (480, 640), dtype=np.uint8)
    for bit in range(BITS):
        if part >> bit & 1:
            noise[CELL : 3 * CELL, bit * CELL : (bit + 1) * CELL] += 180
    return cv2.imencode(".jpg", noise, [cv2.IMWRITE_JPEG_QUALITY, 90])[1].tobytes()


def shown(image: bytes) -> int:
    pixels = cv2.imdecode(np.frombuffer(image, np.uint8), cv2.IMREAD_GRAYSCALE)
    cells = (pixels[CELL + 10 : 3 * CELL - 10, bit * CELL + 10 : (bit + 1) * CELL - 10].mean() for bit in range(BITS))
    return sum(1 << bit for bit, level in enumerate(cells) if level > 128)


@pytest.mark.parametrize("mode", list(MODES))
def test_no_frame_of_another_part(tmp_path: Path, mode: str) -> None:
    belt, faults, ftp = Belt(), RandomFaults(SEED, FAULTS, LONGEST_DELAY), free_port()
    push = Push("127.0.0.1", ftp, "keyence", "secret")
    controller = Controller(belt.look, push)
    with (
        mosquitto() as broker,
        push,
        serve(controller, "127.0.0.1", 0) as port,
        line(broker, tmp_path) as outcome,
        gateway(broker, tmp_path, port, ftp, mode),
    ):
        outcome.wait(lambda: outcome.online, "the camera online")
        controller.fate = faults
        run(belt, controller, outcome, wired=mode == "wired")
        outcome.wait(lambda: len(outcome.ended) == PARTS, "the end of every part")
    wrong = {part for part, seen in outcome.frames if part != seen}
    print(
        f"\nswaps {mode}, seed {SEED}: {PARTS} parts at {TAKT * 1000:.0f} ms, faults {faults.drawn};"
        f" {len(outcome.frames)} frames, {dict(outcome.failed)} failed, {len(wrong)} of another part"
    )
    assert wrong == set()
    assert outcome.ended == Counter(range(1, PARTS + 1)), "every part ends exactly once"
    assert len(outcome.frames) > PARTS / 50, "enough frames to be wrong"


def run(belt: Belt, controller: Controller, outcome: "Outcome", *, wired: bool) -> None:
    """The belt brings a part each takt and pauses at times; a wired camera is triggered when the part is there."""
    due = time.monotonic()
    for part in range(1, PARTS + 1):
        due += PAUSE if part % PAUSE_EVERY == 1 else TAKT
        time.sleep(max(0.0, due - time.monotonic()))
        belt.part = part
        if wired:
            controller.fire()
        outcome.arrive(part)


class Outcome:
    """What came of each part, as the bus tells it."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._parts: dict[UUID, int] = {}
        self.frames: list[tuple[int, int]] = []
        self.failed: Counter[str] = Counter()
        self.ended: Counter[int] = Counter()
        self.online = False

    def arrive(self, counter: int) -> None:
        part = PartArrived(
            part_id=new_id(), station="AOI1", plc="plc1", counter=counter, sku="A",
            arrived_at=datetime.now(UTC), deadline_ms=3000,
        )  # fmt: skip
        self._parts[part.part_id] = counter
        self._bus.publish(part)

    def listen(self, stopping: threading.Event) -> None:
        while not stopping.is_set():
            with self._bus.batch(up_to=50, within=0.1) as batch:
                for message in batch.messages:
                    self._take(message)

    def _take(self, message: object) -> None:
        if isinstance(message, Frame) and message.part_id:
            part = self._parts[message.part_id]
            self.frames.append((part, shown(message.image)))
            self.ended[part] += 1
        elif isinstance(message, CaptureFailed):
            self.failed[message.code] += 1
            self.ended[self._parts[message.part_id]] += 1
        elif isinstance(message, DeviceStatus):
            self.online = message.online

    def wait(self, condition, what: str, seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, f"after {seconds} s still not {what}"
            time.sleep(0.05)


@contextmanager
def line(broker: Mosquitto, folder: Path) -> Iterator[Outcome]:
    journal, stopping = Journal(folder / "line.sqlite"), threading.Event()
    with Bus(broker.settings, Scope("demo", "line1"), "plc-gateway", "plc-gateway-1", "0", journal) as bus:
        bus.subscribe(Frame, CaptureFailed, DeviceStatus)
        outcome = Outcome(bus)
        listener = threading.Thread(target=outcome.listen, args=(stopping,))
        listener.start()
        yield outcome
        stopping.set()
        listener.join()
    journal.close()


@contextmanager
def gateway(broker: Mosquitto, folder: Path, port: int, ftp: int, mode: str) -> Iterator[None]:
    line_file = folder / "line.toml"
    line_file.write_text(
        f"""site = "demo"
line = "line1"
[[station]]
name = "AOI1"
deadline_ms = 3000
[[station.camera]]
name = "top"
kind = "keyence"
capture_timeout_ms = {TAKT * 2000:.0f}
{MODES[mode]}
"""
    )
    environment = {
        "LINE_FILE": str(line_file), "DATA_DIR": str(folder / "data"), "MQTT_PORT": str(broker.port), "HTTP_PORT": "0",
        "KEYENCE_IP": "127.0.0.1", "KEYENCE_PORT": str(port), "FTP_PORT": str(ftp), "FTP_PASSWORD": "secret",
        "LOG_LEVEL": "error",
    }  # fmt: skip
    process = subprocess.Popen([sys.executable, "-m", "jidoka.vision_gateway"], env={**os.environ, **environment})
    try:
        yield
        assert process.poll() is None, "the gateway ended by itself"
    finally:
        process.terminate()
        process.wait(timeout=30)
