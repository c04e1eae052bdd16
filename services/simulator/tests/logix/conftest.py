"""A controller with every kind of tag, a server for it, and a client that speaks bare frames."""

import shutil
import socket
import struct
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from pylogix import PLC

from jidoka.simulator.logix import (
    BOOL,
    DINT,
    INT,
    LINT,
    LREAL,
    REAL,
    SINT,
    STRING,
    UINT,
    Controller,
    Member,
    Server,
    String,
    Struct,
)

SERIAL = String("Serial_S", 20)
PART = Struct(
    "Part_T",
    [
        Member("Serial", STRING),
        Member("Ok", BOOL),
        Member("Bad", BOOL),
        Member("Weight", REAL),
        Member("Stamp", LINT),
        Member("Bits", BOOL, 64),
    ],
)
STATION = Struct(
    "Station_T",
    [
        Member("Counter", DINT),
        Member("Small", SINT),
        Member("Run", BOOL),
        Member("Parts", PART, 4),
        Member("Name", SERIAL),
        Member("History", INT, 5),
    ],
)


def build(revision: tuple[int, int] = (33, 11), slot: int = 0) -> Controller:
    """A controller named Line1 with tags of every kind."""
    plc = Controller("Line1", revision=revision, slot=slot)
    for type_ in (BOOL, SINT, INT, DINT, LINT, REAL, LREAL, UINT):
        plc.define(f"One{type_.name}", type_)
    plc.define("Text", STRING)
    plc.define("Many", DINT, 5000)
    plc.define("Matrix", DINT, (3, 4))
    plc.define("Flags", BOOL, 96)
    plc.define("Texts", STRING, 40)
    plc.define("AOI1", STATION)
    plc.define("Stations", STATION, 3)
    plc.define("Spare", PART)
    plc.define("Locked", DINT, initial=5, read_only=True)
    plc.define_program("MainProgram", "Step", DINT)
    plc.define_program("MainProgram", "Local", STATION)
    return plc


@pytest.fixture(params=[(33, 11), (20, 13)], ids=["instance-ids", "symbolic"])
def plc(request: pytest.FixtureRequest) -> Controller:
    """Both firmware families: clients address by instance id from 21 on, by name below."""
    return build(request.param)


@pytest.fixture
def new_plc() -> Controller:
    return build()


@pytest.fixture
def make_plc() -> Callable[..., Controller]:
    return build


@pytest.fixture
def server(plc: Controller) -> Iterator[Server]:
    with plc.serve() as served:
        yield served


@pytest.fixture
def new_server(new_plc: Controller) -> Iterator[Server]:
    with new_plc.serve() as served:
        yield served


@dataclass
class Reply:
    """One encapsulated reply."""

    command: int
    session: int
    status: int
    context: bytes
    data: bytes


class Wire:
    """Bare EtherNet/IP frames over TCP, so that a test can send what no client would."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=5)
        self.session = 0
        self.connection = 0

    def send(self, command: int, data: bytes = b"", session: int | None = None, context: bytes = b"ctx-1234") -> None:
        handle = self.session if session is None else session
        self.socket.sendall(struct.pack("<HHII8sI", command, len(data), handle, 0, context, 0) + data)

    def receive(self) -> Reply:
        command, length, session, status, context, _ = struct.unpack("<HHII8sI", self._take(24))
        return Reply(command, session, status, context, self._take(length))

    def ask(self, command: int, data: bytes = b"", session: int | None = None) -> Reply:
        self.send(command, data, session)
        return self.receive()

    def register(self) -> "Wire":
        self.session = self.ask(0x65, b"\x01\0\0\0").session
        return self

    def unconnected(self, message: bytes) -> bytes:
        """The Message Router reply to a request sent outside a connection."""
        items = struct.pack("<IHHHHHH", 0, 10, 2, 0, 0, 0xB2, len(message)) + message
        return self.ask(0x6F, items).data[16:]

    def forward_open(self, size: int = 500, serial: int = 1, path: bytes = b"\x01\x00\x20\x02\x24\x01") -> bytes:
        """The reply to a small Forward_Open; `connection` is set when it succeeds."""
        fixed = struct.pack("<BBIIHHIB3xIHIHB", 10, 5, 0, 0xBEEF, serial, 9, 7, 7,
                            2_000_000, 0x4200 | size, 2_000_000, 0x4200 | size, 0xA3)  # fmt: skip
        reply = self.unconnected(b"\x54\x02\x20\x06\x24\x01" + fixed + bytes([len(path) // 2]) + path)
        if reply[2] == 0:
            self.connection = int.from_bytes(reply[4:8], "little")
        return reply

    def send_connected(self, sequence: int, message: bytes, connection: int | None = None) -> None:
        identifier = self.connection if connection is None else connection
        header = struct.pack("<IHHHHIHHH", 0, 0, 2, 0xA1, 4, identifier, 0xB1, len(message) + 2, sequence)
        self.send(0x70, header + message)

    def connected(self, sequence: int, message: bytes) -> bytes:
        """The Message Router reply to a request on the open connection."""
        self.send_connected(sequence, message)
        return self.receive().data[22:]

    def at_end(self) -> bool:
        """Whether the peer closed the connection (waits for it up to the socket's time-out)."""
        try:
            return self.socket.recv(1) == b""
        except ConnectionError:
            return True

    def close(self) -> None:
        self.socket.close()

    def _take(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            piece = self.socket.recv(count - len(data))
            if not piece:
                raise ConnectionResetError(f"closed after {len(data)} of {count} bytes")
            data += piece
        return data


@pytest.fixture
def dial() -> Iterator[Callable[[Server], Wire]]:
    """Open bare connections; all are closed at the end of the test."""
    opened: list[Wire] = []

    def connect(server: Server) -> Wire:
        opened.append(Wire(server.port))
        return opened[-1]

    yield connect
    for wire in opened:
        wire.close()


@pytest.fixture
def eventually() -> Callable[[Callable[[], bool]], bool]:
    """Whether a condition comes true within five seconds."""

    def wait(condition: Callable[[], bool]) -> bool:
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            if condition():
                return True
            time.sleep(0.005)
        return condition()

    return wait


@contextmanager
def pylogix_client(port: int, slot: int = 0) -> Iterator[PLC]:
    """An open pylogix client."""
    client = PLC("127.0.0.1", slot=slot, port=port)
    client.conn.msg_socket.close()  # a spare one that pylogix never closes itself
    with client:
        yield client


@pytest.fixture
def open_pylogix() -> Callable[..., AbstractContextManager[PLC]]:
    return pylogix_client


@pytest.fixture(scope="session")
def node_client(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which st-ethernet-ip is installed, by the lock file beside these tests."""
    folder = tmp_path_factory.mktemp("st-ethernet-ip")
    for name in ("package.json", "package-lock.json"):
        shutil.copy(Path(__file__).parent / "node" / name, folder)
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, f"npm ci failed: {done.stderr}"
    return folder
