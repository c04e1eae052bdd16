"""The small HTTP server of a service: /healthz, /readyz, /metrics."""

import json
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import TracebackType
from typing import Any, Self

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from jidoka.runtime.errors import ConfigError

Problems = Callable[[], dict[str, str]]
_JSON = "application/json"


class HealthServer:
    """Serves on its own threads. `alive` and `ready` return named problems; none means 200, some mean 503."""

    def __init__(self, host: str, port: int, alive: Problems, ready: Problems) -> None:
        try:
            self._server = ThreadingHTTPServer((host, port), _handler(alive, ready))
        except OSError as error:
            raise ConfigError(f"HTTP_HOST={host}, HTTP_PORT={port}: cannot listen: {error.strerror}") from error
        self._server.daemon_threads = True
        self.port: int = self._server.server_address[1]

    def __enter__(self) -> Self:
        serve = self._server.serve_forever
        self._thread = Thread(target=serve, kwargs={"poll_interval": 0.1}, name="http", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _handler(alive: Problems, ready: Problems) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 10

        def do_GET(self) -> None:
            path = self.path.split("?")[0]
            if path == "/metrics":
                self._answer(200, CONTENT_TYPE_LATEST, generate_latest())
            elif path == "/healthz":
                self._health(alive())
            elif path == "/readyz":
                self._health(ready())
            else:
                self._answer(404, _JSON, b'{"error":"not found"}')

        def _health(self, problems: dict[str, str]) -> None:
            body = json.dumps({"ok": not problems, "errors": problems}).encode()
            self._answer(503 if problems else 200, _JSON, body)

        def _answer(self, status: int, kind: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Requests of probes and of Prometheus are no news."""

    return Handler
