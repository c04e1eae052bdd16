"""TCP 8500: a line ended by CR is a command, and results go to everyone who is connected."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from jidoka.simulator.keyence.commands import answer
from jidoka.simulator.keyence.controller import Controller

END = b"\r"
LONGEST = 4096


@contextmanager
def serve(controller: Controller, host: str, port: int) -> Iterator[int]:
    """Yields the port while it serves."""
    handler = type("Handler", (_Connection,), {"controller": controller})
    server = _Server((host, port), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield int(server.server_address[1])
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


class _Connection(socketserver.BaseRequestHandler):
    controller: Controller

    def setup(self) -> None:
        """Results from now on go here, too."""
        self._sending = threading.RLock()
        self._pending: list[bytes] | None = None
        self.controller.listeners.append(self._result)

    def handle(self) -> None:
        """Answers until the client leaves."""
        rest = b""
        while len(rest) < LONGEST:
            try:
                data = self.request.recv(LONGEST)
            except OSError:
                return
            if not data:
                return
            *lines, rest = (rest + data).replace(b"\n", b"").split(END)
            for line in lines:
                self._answer(line.decode("ascii", "replace"))

    def finish(self) -> None:
        """No more results."""
        self.controller.listeners.remove(self._result)

    def _answer(self, line: str) -> None:
        """A result that is ready before the echo is out follows it in the same segment."""
        if self.controller.silent:
            return
        with self._sending:
            self._pending = []
            reply = answer(self.controller, line).encode()
            pending, self._pending = self._pending, None
            self._send(END.join([reply, *pending]) + END)

    def _result(self, line: str) -> None:
        with self._sending:
            if self._pending is not None:
                self._pending.append(line.encode())
                return
        self._send(line.encode() + END)

    def _send(self, data: bytes) -> None:
        try:
            self.request.sendall(data)
        except OSError:
            return  # the reading side finds the same
