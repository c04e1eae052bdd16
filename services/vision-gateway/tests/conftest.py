"""A line of one station, a camera server that speaks HTTP, and images."""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import cv2
import numpy as np
import pytest

from jidoka.schemas import PartArrived, new_id


@pytest.fixture(name="picture")
def picture_fixture() -> Callable[..., np.ndarray]:
    return picture


@pytest.fixture(name="jpeg")
def jpeg_fixture() -> Callable[..., bytes]:
    return jpeg


@pytest.fixture(name="part")
def part_fixture() -> Callable[..., PartArrived]:
    return part


def picture(seed: int = 0, width: int = 320, height: int = 240) -> np.ndarray:
    """A textured image that differs from seed to seed."""
    random = np.random.default_rng(seed)
    coarse = random.integers(30, 220, (height // 8, width // 8, 3), dtype=np.uint8)
    return cv2.resize(coarse, (width, height), interpolation=cv2.INTER_NEAREST)


def jpeg(image: np.ndarray, quality: int = 90) -> bytes:
    return cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()


def part(counter: int = 1, **more: object) -> PartArrived:
    fields = {
        "part_id": new_id(), "station": "AOI1", "plc": "plc1", "counter": counter, "sku": "A",
        "arrived_at": datetime.now(UTC), "deadline_ms": 4000.0,
    }  # fmt: skip
    return PartArrived(**(fields | more))


@dataclass
class CameraServer:
    """What the camera answers: (status, sequence header, body, seconds it takes) by counter."""

    url: str = ""
    answers: dict[int, tuple[int, str, bytes, float]] = field(default_factory=dict)
    asked: list[int | None] = field(default_factory=list)
    close_each: bool = False

    def shows(
        self, counter: int, body: bytes, sequence: int | None = None, status: int = 200, delay: float = 0
    ) -> None:
        self.answers[counter] = (status, str(counter if sequence is None else sequence), body, delay)


@pytest.fixture
def camera_server() -> Iterator[CameraServer]:
    with served() as state:
        yield state


@pytest.fixture
def serve() -> Callable[..., AbstractContextManager[CameraServer]]:
    return served


@contextmanager
def served(port: int = 0) -> Iterator[CameraServer]:
    state = CameraServer()
    closing = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            wanted = parse_qs(urlsplit(self.path).query).get("sequence")
            counter = int(wanted[0]) if wanted else None
            state.asked.append(counter)
            newest = max(state.answers, default=0) if counter is None else counter
            status, sequence, body, delay = state.answers.get(newest, (404, "0", b"", 0.0))
            closing.wait(delay)
            self.send_response(status)
            self.send_header("X-Part-Sequence", sequence)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            # A server may drop an idle connection whenever it likes, without a word.
            self.close_connection = state.close_each

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    state.url = f"http://127.0.0.1:{server.server_address[1]}/camera/AOI1/top"
    yield state
    closing.set()
    server.shutdown()
    thread.join()
    server.server_close()
