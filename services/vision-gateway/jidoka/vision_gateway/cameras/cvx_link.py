"""The command connection to a Keyence CV-X: one command at a time, its reply told from results in the same stream.

Lines end with CR, LF or both. A reply is `ER,<command>,<code>` or begins with the command's own name; anything else is
a result. Replies and results may share one TCP segment.
"""

import re
import socket
import threading
import time
from collections.abc import Callable

from jidoka.runtime.logs import log
from jidoka.vision_gateway import metrics
from jidoka.vision_gateway.cameras.camera import CameraError

CONNECT = 2.0
LONGEST_LINE = 65_536
FIRST_RETRY, LONGEST_RETRY = 0.5, 10.0
COMMANDS = frozenset({
    "T1", "T2", "T3", "T4", "TA", "R0", "S0", "RM", "RS", "RE", "RB", "SS", "CE", "PW", "PR", "EXW", "EXR", "CW",
    "CR", "DW", "DR", "SLW", "SLR", "MCW", "MCR", "CSH", "CSE", "CTD", "CLV", "BS", "TE", "OE", "TC", "TS", "HC",
    "HS", "BC", "OW", "VW", "STW", "STR", "EC", "TW", "TR", "VI", "TZW", "TZR",
})  # fmt: skip
MEANING = {
    "02": "it does not know the command",
    "03": "it cannot do so in its present state (setup mode, or not ready)",
    "22": "a number is out of range",
}
_ENDS = re.compile(rb"[\r\n]+")


class CvxLink:
    """Connects when it is told to, with back-off. `on_result` gets the fields of each result, on its thread."""

    def __init__(self, name: str, address: tuple[str, int], on_result: Callable[[list[str]], None]) -> None:
        self._name, self._address, self._on_result = name, address, on_result
        self._one = threading.Lock()
        self._changed = threading.Condition()
        self._socket: socket.socket | None = None
        self._asked: str | None = None
        self._reply: list[str] | None = None
        self._retry, self._not_before, self._why = FIRST_RETRY, 0.0, "not connected yet"

    @property
    def connected(self) -> bool:
        """Whether the connection stands."""
        return self._socket is not None

    def connect(self, until: float) -> None:
        """Raises CameraError when it cannot be reached."""
        if self._socket:
            return
        if time.monotonic() < self._not_before:
            raise self._offline()
        try:
            made = socket.create_connection(self._address, max(0.05, min(CONNECT, until - time.monotonic())))
        except OSError as error:
            self._lost(None, error.strerror or str(error))
            self._not_before, self._retry = time.monotonic() + self._retry, min(self._retry * 2, LONGEST_RETRY)
            raise self._offline() from error
        made.settimeout(None)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        self._retry = FIRST_RETRY
        self._socket = made
        threading.Thread(target=self._read, args=(made,), name=f"cv-x {self._name}", daemon=True).start()

    def command(self, line: str, until: float) -> list[str]:
        """What follows the command's name in the reply. Raises CameraError: offline, timeout, refused."""
        with self._one, self._changed:
            made = self._socket
            if made is None:
                raise self._offline()
            self._asked, self._reply = line.partition(",")[0], None
            try:
                made.sendall(line.encode("ascii", "replace") + b"\r")
            except OSError as error:
                self._lost(made, error.strerror or str(error))
                raise self._offline() from error
            answered = self._changed.wait_for(
                lambda: self._reply is not None or self._socket is not made, max(0.0, until - time.monotonic())
            )
            self._asked, reply = None, self._reply
            if not answered:
                self._lost(made, f"no reply to {line}")  # a late one must not answer the next command
                raise CameraError("timeout", f"{self._name} did not answer {line} in time")
            if reply is None:
                raise self._offline()
        return self._accepted(line, reply)

    def close(self) -> None:
        """Disconnect."""
        self._lost(self._socket, "closed")

    def _accepted(self, line: str, reply: list[str]) -> list[str]:
        if reply[0] != "ER":
            return reply[1:]
        code = reply[2] if len(reply) > 2 else "??"
        meaning = MEANING.get(code, "an unknown code")
        raise CameraError("refused", f"{self._name} answered {line} with error {code}: {meaning}")

    def _offline(self) -> CameraError:
        host, port = self._address
        return CameraError("offline", f"{self._name} at {host}:{port}: {self._why}")

    def _read(self, made: socket.socket) -> None:
        rest, why = b"", "the controller closed the connection"
        while True:
            try:
                data = made.recv(65_536)
            except OSError as error:
                why = error.strerror or str(error)
                break
            if not data or len(rest) > LONGEST_LINE:
                break
            *lines, rest = _ENDS.split(rest + data)
            for line in lines:
                if line:
                    self._line(made, line.decode("ascii", "replace"))
        self._lost(made, why)

    def _line(self, made: socket.socket, line: str) -> None:
        fields = line.split(",")
        of = fields[1] if fields[0] == "ER" and len(fields) > 1 else fields[0]
        if fields[0] != "ER" and of not in COMMANDS:
            self._on_result(fields)
            return
        with self._changed:
            if of == self._asked and self._reply is None and made is self._socket:
                self._reply = fields
                self._changed.notify_all()
            else:
                metrics.STRAY.labels(self._name).inc()
                log.warning("keyence_line", controller=self._name, line=line[:100], reason="nobody asked for it")

    def _lost(self, made: socket.socket | None, why: str) -> None:
        with self._changed:
            if made is not self._socket:
                return
            self._socket, self._why = None, why
            self._changed.notify_all()
        if made:
            made.close()
