"""The simulator's own HTTP interface: camera images, the truth, emergency stop, belt speed, tags."""

import json
import time
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from jidoka.simulator.camera import NoPicture
from jidoka.simulator.keyence import Controller, RandomFaults
from jidoka.simulator.line import Line

Answer = tuple[HTTPStatus, str, bytes, dict[str, str]]
MAX_BODY = 65_536


class BadRequest(ValueError):
    """The request cannot be understood."""


class Control:
    """Serves a line's controls on a thread of its own."""

    def __init__(self, line: Line, host: str, port: int, keyence: Controller | None = None) -> None:
        handler = type("Handler", (_Handler,), {"line": line, "keyence": keyence})
        self._server = ThreadingHTTPServer((host, port), handler)
        self._server.daemon_threads = True
        self._thread = Thread(target=self._server.serve_forever, name="control", daemon=True)

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(self._server.server_address[1])

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Handler(BaseHTTPRequestHandler):
    line: Line
    keyence: Controller | None
    protocol_version = "HTTP/1.1"
    # Head and image in one go: otherwise the image's last segment waits until the client has acknowledged the head.
    disable_nagle_algorithm = True
    wbufsize = 2**18

    def parse_request(self) -> bool:
        """The request line is here; a camera's own time begins."""
        self._begun = time.monotonic()
        return super().parse_request()

    def do_GET(self) -> None:
        path = urlsplit(self.path).path.strip("/").split("/")
        query = {key: values[-1] for key, values in parse_qs(urlsplit(self.path).query).items()}
        status = self._answer(lambda: _get(self.line, path, query))
        if path[0] == "camera" and "sequence" in query and status is HTTPStatus.OK:
            self.line.shot(path[1], int(query["sequence"]), time.monotonic() - self._begun)

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", "0"))
        body = self.rfile.read(min(length, MAX_BODY))
        path = urlsplit(self.path).path.strip("/")
        self._answer(lambda: _disturb(self.keyence, body) if path == "keyence" else _post(self.line, path, body))

    def log_message(self, format: str, *args: Any) -> None:
        """Requests are counted by the camera's metric, not logged."""

    def _answer(self, work: Callable[[], Answer]) -> HTTPStatus:
        try:
            status, kind, body, headers = work()
        except (ValueError, KeyError) as error:
            status, kind, body, headers = _text(HTTPStatus.BAD_REQUEST, f"bad request: {error}")
        except NoPicture as error:
            status, kind, body, headers = _text(HTTPStatus.NOT_FOUND, str(error))
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()
        return status


def _get(line: Line, path: list[str], query: dict[str, str]) -> Answer:
    match path:
        case ["camera", station, camera]:
            sequence = int(query["sequence"]) if "sequence" in query else None
            number, image = line.shoot(station, camera, sequence)
            return HTTPStatus.OK, "image/jpeg", image, {"X-Part-Sequence": str(number)}
        case ["account"]:
            return _json(line.account())
        case ["truth", station]:
            return HTTPStatus.OK, "application/x-ndjson", line.ledger(station).text().encode(), {}
        case ["boxes", station, sequence]:
            return _json(line.boxes(station, int(sequence)))
    return _text(HTTPStatus.NOT_FOUND, f"no such path: {'/'.join(path)}")


def _post(line: Line, path: str, body: bytes) -> Answer:
    fields = _fields(body)
    match path:
        case "estop":
            line.emergency_stop(bool(fields["active"]))
        case "rate":
            line.set_rate(float(fields["takt_ms"]), float(fields["dwell_ms"]) if "dwell_ms" in fields else None)
        case "plc":
            line.connect(str(fields["do"]))
        case "tag":
            line.set_tag(str(fields["path"]), fields["value"])
        case "spoil":
            fault = fields.get("fault")
            return _json({"from": line.camera(str(fields["station"])).spoil(None if fault is None else str(fault))})
        case _:
            return _text(HTTPStatus.NOT_FOUND, f"no such path: {path}")
    return _json({"done": path})


def _disturb(keyence: Controller | None, body: bytes) -> Answer:
    """Faults of the CV-X: how often, how long a delay at most, and whether it is silent."""
    fields = _fields(body)
    if keyence is None:
        raise BadRequest("the line has no CV-X: SIM_KEYENCE_FTP is not set")
    seed, share, delay = int(fields.get("seed", 1)), float(fields.get("share", 0)), float(fields.get("delay_s", 1))
    keyence.fate = RandomFaults(seed, share, delay)
    keyence.silent = bool(fields.get("silent", False))
    return _json({"done": "keyence"})


def _fields(body: bytes) -> dict[str, Any]:
    fields = json.loads(body or b"{}")
    if not isinstance(fields, dict):
        raise BadRequest("the body is not a JSON object")
    return fields


def _json(value: Any) -> Answer:
    return HTTPStatus.OK, "application/json", json.dumps(value).encode(), {}


def _text(status: HTTPStatus, text: str) -> Answer:
    return status, "text/plain; charset=utf-8", f"{text}\n".encode(), {}
