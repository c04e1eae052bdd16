"""`make soak`: two cameras of 1280x1024 at 20 images a second for ten minutes; memory stays, every drop is counted.

The cameras push bitmaps by FTP, as controllers do, so each image is received, checked, measured, encoded, published.
SOAK_SECONDS sets the length.
"""

import io
import os
import re
import struct
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from ftplib import FTP
from pathlib import Path

import cv2
import numpy as np

from jidoka.runtime.bus import Bus
from jidoka.runtime.journal import Journal
from jidoka.runtime.testing import Mosquitto, free_port, mosquitto, until
from jidoka.schemas import CaptureFailed, Frame, PartArrived, Scope, new_id

SECONDS = float(os.environ.get("SOAK_SECONDS", "600"))
WARM_UP = min(60.0, SECONDS / 4)
RATE, CAMERAS, SIZE = 20, ("top", "side"), (1024, 1280)
ALLOWED_GROWTH = 0.05


def test_two_cameras_for_ten_minutes(tmp_path: Path) -> None:
    ftp, http = free_port(), free_port()
    with mosquitto() as broker, gateway(broker, tmp_path, ftp, http) as pid, counting(broker, tmp_path) as seen:
        cameras = [Camera(name, ftp) for name in CAMERAS]
        begun, sizes, parts = time.monotonic(), [], 0
        while time.monotonic() < begun + SECONDS:
            parts += 1
            seen.arrive(parts)
            for camera in cameras:
                camera.push(parts)
            if parts % RATE == 0:
                sizes.append((time.monotonic() - begun, resident(pid)))
            time.sleep(max(0.0, begun + parts / RATE - time.monotonic()))
        took = time.monotonic() - begun
        until(lambda: ended(http) == parts * len(CAMERAS), 30, "the end of every part")
        dropped = metric(http, "jidoka_streams_dropped_total")
        until(
            lambda: seen.frames + dropped >= metric(http, "vision_frames_total"), 30, "the frames that were published"
        )
        late = sum(camera.behind for camera in cameras)
    warm = next(size for at, size in sizes if at >= WARM_UP)
    growth = sizes[-1][1] / warm - 1
    print(
        f"\nsoak: {parts} parts at {len(CAMERAS)} cameras in {took:.0f} s ({parts / took:.1f}/s each): {seen.frames}"
        f" frames, {seen.failed} failed captures, {dropped:.0f} dropped, {late} sent late; memory"
        f" {warm / 2**20:.0f} MiB after {WARM_UP:.0f} s, {sizes[-1][1] / 2**20:.0f} MiB at the end: {growth:+.1%}"
    )
    assert seen.frames + seen.failed + dropped == parts * len(CAMERAS)
    assert growth < ALLOWED_GROWTH


class Camera:
    """Pushes bitmaps on a thread of its own; `behind` counts images that could not be sent in time."""

    def __init__(self, name: str, port: int) -> None:
        self._ftp = FTP()
        self._ftp.connect("127.0.0.1", port)
        self._ftp.login(name, "secret")
        random = np.random.default_rng(1)
        board = cv2.GaussianBlur(random.integers(0, 255, SIZE, dtype=np.uint8), (0, 0), 2)
        self._bitmap = bytearray(cv2.imencode(".bmp", cv2.normalize(board, None, 20, 235, cv2.NORM_MINMAX))[1])
        self._due: list[int] = []
        self._changed = threading.Condition()
        self.behind = 0
        threading.Thread(target=self._send, daemon=True).start()

    def push(self, number: int) -> None:
        with self._changed:
            self.behind += bool(self._due)
            self._due.append(number)
            self._changed.notify()

    def _send(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._due)
                number = self._due.pop(0)
            struct.pack_into("<I", self._bitmap, len(self._bitmap) - 4, number)  # no two images are the same
            self._ftp.storbinary(f"STOR {number:07d}.bmp", io.BytesIO(self._bitmap), 256 * 1024)


class Counting:
    """Frames and failed captures as they come over the bus."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self.frames = self.failed = 0

    def arrive(self, counter: int) -> None:
        part = PartArrived(
            part_id=new_id(), station="AOI1", plc="plc1", counter=counter, arrived_at=datetime.now(UTC),
            deadline_ms=4000,
        )  # fmt: skip
        self._bus.publish(part)

    def listen(self, stopping: threading.Event) -> None:
        while not stopping.is_set():
            with self._bus.batch(up_to=50, within=0.1) as batch:
                self.frames += sum(isinstance(message, Frame) for message in batch.messages)
                self.failed += sum(isinstance(message, CaptureFailed) for message in batch.messages)


@contextmanager
def counting(broker: Mosquitto, folder: Path) -> Iterator[Counting]:
    stopping = threading.Event()
    with (
        Journal(folder / "line.sqlite") as journal,
        Bus(broker.settings, Scope("demo", "line1"), "plc-gateway", "plc-gateway-1", "0", journal) as bus,
    ):
        bus.subscribe(Frame, CaptureFailed)
        seen = Counting(bus)
        thread = threading.Thread(target=seen.listen, args=(stopping,))
        thread.start()
        yield seen
        stopping.set()
        thread.join()


@contextmanager
def gateway(broker: Mosquitto, folder: Path, ftp: int, http: int) -> Iterator[int]:
    cameras = "".join(
        f"""
[[station.camera]]
name = "{name}"
kind = "ftp"
user = "{name}"
name_pattern = '^(?P<counter>\\d+)\\.bmp$'
window_ms = 2000
capture_timeout_ms = 2000
"""
        for name in CAMERAS
    )
    (folder / "line.toml").write_text(
        f'site = "demo"\nline = "line1"\n[[station]]\nname = "AOI1"\ndeadline_ms = 4000\n{cameras}'
    )
    environment = {
        "LINE_FILE": str(folder / "line.toml"), "DATA_DIR": str(folder / "data"), "MQTT_PORT": str(broker.port),
        "HTTP_PORT": str(http), "FTP_PORT": str(ftp), "FTP_PASSWORD": "secret", "LOG_LEVEL": "error",
    }  # fmt: skip
    process = subprocess.Popen([sys.executable, "-m", "jidoka.vision_gateway"], env={**os.environ, **environment})
    try:
        until(lambda: metric(http, "vision_system_status") == len(CAMERAS), 30, "both cameras online")
        yield process.pid
        assert process.poll() is None, "the gateway ended by itself"
    finally:
        process.terminate()
        process.wait(timeout=30)


def resident(pid: int) -> int:
    """Bytes of memory."""
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) * 1024 if found else 0


def ended(http: int) -> float:
    return metric(http, "vision_frames_total") + metric(http, "vision_captures_failed_total")


def metric(http: int, name: str) -> float:
    """The sum of a metric's series; 0 while the service does not answer."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{http}/metrics", timeout=5) as answer:
            text = answer.read().decode()
    except OSError:
        return 0.0
    rows = [row for row in text.splitlines() if row.startswith((f"{name} ", f"{name}{{"))]
    return sum(float(row.rsplit(" ", 1)[1]) for row in rows)
