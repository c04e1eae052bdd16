"""The CV-X of the simulated line: it sees the part before the station's camera."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from urllib.parse import unquote, urlsplit

from jidoka.simulator.keyence.controller import Controller
from jidoka.simulator.keyence.push import Push
from jidoka.simulator.keyence.server import serve

FTP_PORT = 21


class KeyenceLine:
    """`newest` gives the image of the newest part and its sequence, `ftp` is ftp://user:password@host:port.

    Wired, it exposes when a part arrives; else only by command.
    """

    def __init__(
        self, newest: Callable[[], tuple[int, bytes]], counter: Callable[[], int], ftp: str, wired: bool
    ) -> None:
        there = urlsplit(ftp)
        self._push = Push(
            there.hostname or "127.0.0.1", there.port or FTP_PORT, unquote(there.username or ""),
            unquote(there.password or ""),
        )  # fmt: skip
        self.controller = Controller(lambda _: (newest()[1], True), self._push)
        self._counter, self._wired, self._last = counter, wired, counter()

    def tend(self) -> None:
        """After each scan of the program: the wire."""
        now = self._counter()
        if self._wired and now != self._last:
            self.controller.fire()
        self._last = now

    @contextmanager
    def serving(self, host: str, port: int) -> Iterator[int]:
        """Yields the command port while it serves."""
        with ExitStack() as stack:
            stack.enter_context(self._push)
            yield stack.enter_context(serve(self.controller, host, port))
