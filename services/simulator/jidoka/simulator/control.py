"""The simulator's own HTTP interface: camera images, the truth, emergency stop, belt speed, tags."""

import json
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from jidoka.simulator.camera import NoPicture
from jidoka.simulator.line import Line

Answer = tuple[HTTPStatus, str, bytes, dict[str, str]]
MAX_BODY = 65_536


class BadRequest(ValueError):
    """The request cannot be understood."""


class Control:
    """Serves a line's controls on a thread of its own."""

    def __init__(self, line: Line, host: str, port: int) -> None:
        handler = type("Handler", (_Handler,), {"line": line})
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
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        path = urlsplit(self.path).path.strip("/").split("/")
        query = {key: values[-1] for key, values in parse_qs(urlsplit(self.path).query).items()}
        self._answer(lambda: _get(self.line, path, query))

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", "0"))
        body = self.rfile.read(min(length, MAX_BODY))
        self._answer(lambda: _post(self.line, urlsplit(self.path).path.strip("/"), body))

    def log_message(self, format: str, *args: Any) -> None:
        """Requests are counted by the camera's metric, not logged."""

    def _answer(self, work: Callable[[], Answer]) -> None:
        try:
            status, kind, body, headers = work()
        except (BadRequest, KeyError, json.JSONDecodeError) as error:
            status, kind, body, headers = _text(HTTPStatus.BAD_REQUEST, f"bad request: {error}")
        except NoPicture as error:
            status, kind, body, headers = _text(HTTPStatus.NOT_FOUND, str(error))
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


def _get(line: Line, path: list[str], query: dict[str, str]) -> Answer:
    match path:
        case ["camera", station, camera]:
            sequence = int(query["sequence"]) if "sequence" in query else None
            number, image = line.camera(station).shoot(camera, sequence)
            return HTTPStatus.OK, "image/jpeg", image, {"X-Part-Sequence": str(number)}
        case ["account"]:
            return _json(line.account())
        case ["truth", station]:
            return HTTPStatus.OK, "application/x-ndjson", line.ledger(station).text().encode(), {}
        case ["boxes", station, sequence]:
            return _json(line.boxes(station, int(sequence)))
    return _text(HTTPStatus.NOT_FOUND, f"no such path: {'/'.join(path)}")


def _post(line: Line, path: str, body: bytes) -> Answer:
    fields = json.loads(body or b"{}")
    if not isinstance(fields, dict):
        raise BadRequest("the body is not a JSON object")
    match path:
        case "estop":
            line.emergency_stop(bool(fields["active"]))
        case "rate":
            line.set_rate(float(fields["takt_ms"]), float(fields["dwell_ms"]) if "dwell_ms" in fields else None)
        case "tag":
            line.set_tag(str(fields["path"]), fields["value"])
        case _:
            return _text(HTTPStatus.NOT_FOUND, f"no such path: {path}")
    return _json({"done": path})


def _json(value: Any) -> Answer:
    return HTTPStatus.OK, "application/json", json.dumps(value).encode(), {}


def _text(status: HTTPStatus, text: str) -> Answer:
    return status, "text/plain; charset=utf-8", f"{text}\n".encode(), {}
