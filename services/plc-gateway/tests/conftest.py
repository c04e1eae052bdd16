"""A gateway between a simulated controller (real EtherNet/IP) and a bus in memory."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import pytest

from jidoka.plc_gateway.gateway import Gateway
from jidoka.plc_gateway.line import read
from jidoka.plc_gateway.link import Address
from jidoka.runtime.journal import Journal
from jidoka.runtime.testing import FakeBroker, FakeBus, until
from jidoka.schemas import (
    Decision,
    Inspection,
    Message,
    ModelRef,
    PartArrived,
    Timings,
    Verdict,
    new_id,
)
from jidoka.simulator.belt import Belt
from jidoka.simulator.logix import Controller, Server
from jidoka.simulator.parts import Recipe
from jidoka.simulator.plant import controller
from jidoka.simulator.station import Station

M = TypeVar("M", bound=Message)
CODES = {1: "accept", 2: "reject", 3: "hold", 4: "bypass"}


@dataclass
class Rig:
    """What a test turns: `arrive` and `leave` are the line, `verdict` is inference, `start` is the gateway."""

    plc: Controller
    server: Server
    journal_path: Path
    station: Station
    broker: FakeBroker = field(default_factory=FakeBroker)
    gateway: Gateway | None = None

    @property
    def address(self) -> Address:
        return Address(f"127.0.0.1:{self.server.port}", request_timeout=0.3)

    @contextmanager
    def start(
        self,
        *,
        station: dict[str, Any] | None = None,
        others: tuple[dict[str, Any], ...] = (),
        stations: tuple[dict[str, Any], ...] = (),
        outbox_bytes: int = 2**20,
        **plc: Any,
    ) -> Iterator[Gateway]:
        data = {
            "plc": [{"name": "plc1", "host": f"127.0.0.1:{self.server.port}", "part_poll_ms": 10} | plc, *others],
            "station": [
                {
                    "name": "AOI1",
                    "plc": "plc1",
                    "tag": "AOI1",
                    "deadline_ms": 60_000,
                    "camera": [{"name": "top", "capture_timeout_ms": 100}],
                }
                | (station or {}),
                *stations,
            ],
        }
        with (
            closing(Journal(self.journal_path)) as journal,
            FakeBus(self.broker, service="plc-gateway", journal=journal, outbox_bytes=outbox_bytes) as bus,
            Gateway(read(data, "line.toml"), "a" * 64, bus, journal, "plc-gateway-1") as self.gateway,
        ):
            yield self.gateway
            self.gateway.verify()
        self.gateway = None

    def arrive(self, sequence: int) -> None:
        self.station.arrive(sequence)

    def told(self, sequence: int) -> tuple[int, int]:
        """Code and sequence in the controller's verdict ring."""
        slot = self.plc.memory.get(f"AOI1.Verdicts[{sequence % 16}]")
        return slot["Code"], slot["Sequence"]

    def leave(self, sequence: int) -> str:
        return CODES[self.station.leave(sequence)[1]]

    def all(self, cls: type[M]) -> list[M]:
        return [message for message in self.broker.messages() if isinstance(message, cls)]

    def part(self, sequence: int) -> PartArrived:
        self.until(lambda: any(part.counter == sequence for part in self.all(PartArrived)), f"part {sequence}")
        return next(part for part in self.all(PartArrived) if part.counter == sequence)

    def verdict(self, sequence: int, verdict: Verdict, camera: str = "top") -> None:
        self.hear(self.part(sequence), verdict, camera)

    def hear(self, part: PartArrived, verdict: Verdict, camera: str = "top") -> None:
        assert self.gateway is not None
        self.gateway.desk.hear(inspection(part, verdict, camera))

    def decision(self, sequence: int) -> Decision:
        self.until(lambda: any(made.counter == sequence for made in self.all(Decision)), f"decision {sequence}")
        found = [made for made in self.all(Decision) if made.counter == sequence]
        assert len(found) == 1
        return found[0]

    def until(self, condition: Callable[[], object], what: str) -> None:
        def met() -> object:
            if self.gateway is not None:
                self.gateway.verify()
            return condition()

        until(met, 15.0, what)


def inspection(part: PartArrived, verdict: Verdict, camera: str = "top") -> Inspection:
    now = datetime.now(UTC)
    return Inspection(
        inspection_id=new_id(),
        frame_id=new_id(),
        part_id=part.part_id,
        station=part.station,
        camera=camera,
        verdict=verdict,
        model=ModelRef(name="m", version="1", sha256="0" * 64),
        config_sha256="0" * 64,
        captured_at=now,
        inspected_at=now,
        timings=Timings(queue=0, decode=0, prepare=0, model=0, finish=0),
    )


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    plc = controller(["AOI1"])
    station = Station("AOI1", plc.memory, Belt(1e9, 1e9), Recipe(1, "AOI1", 0.2))
    with plc.serve() as server:
        yield Rig(plc, server, tmp_path / "gateway.sqlite", station)


class Proxy:
    """Passes frames between a client and the controller; `tamper` may replace a reply."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.tamper: Callable[[bytes], bytes] = lambda reply: reply
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            with client, socket.create_connection(("127.0.0.1", self._target)) as plc:
                while frame := _frame(client):
                    plc.sendall(frame)
                    reply = _frame(plc) if frame[0] != 0x66 else b""
                    client.sendall(self.tamper(reply))


def _frame(sock: socket.socket) -> bytes:
    try:
        head = sock.recv(24, socket.MSG_WAITALL)
        length = int.from_bytes(head[2:4], "little")
        return head + (sock.recv(length, socket.MSG_WAITALL) if length else b"")
    except OSError:
        return b""


@pytest.fixture
def proxy(rig: Rig) -> Iterator[Proxy]:
    between = Proxy(rig.server.port)
    yield between
    between.close()
