"""Wireshark's dissector judges the bytes of real sessions: nothing malformed, and everything understood as CIP.

The bytes pass a small recording proxy, which writes a capture file, so no right to capture packets is needed.
"""

import asyncio
import socket
import struct
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from ethernetip.logix.tag_client import TagClient
from pycomm3 import LogixDriver
from pylogix import PLC

from jidoka.simulator.logix import Controller, Server, Service

Open = Callable[..., AbstractContextManager[PLC]]
RAW_IPV4 = 228
ENIP_PORT = 44818
WRONG = "_ws.malformed || _ws.expert.severity == error"
NOT_UNDERSTOOD = "(tcp.len > 0 && !enip && !tcp.reassembled_in)"


class Recorder:
    """A TCP proxy before a server; keeps what passes, per client, as a capture with made-up IP and TCP headers."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._packets: list[bytes] = []
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._start(self._accept)

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(10)

    def write(self, path: Path) -> None:
        """Save all packets so far as a pcap file."""
        with self._lock, path.open("wb") as file:
            file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65_535, RAW_IPV4))
            for number, packet in enumerate(self._packets):
                file.write(struct.pack("<IIII", number, 0, len(packet), len(packet)) + packet)

    def _start(self, target: object, *arguments: object) -> None:
        assert callable(target)
        thread = threading.Thread(target=target, args=arguments)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                client, (_, port) = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self._target))
            sent = {port: 1, ENIP_PORT: 1}
            self._start(self._pump, client, server, (port, ENIP_PORT), sent)
            self._start(self._pump, server, client, (ENIP_PORT, port), sent)

    def _pump(self, source: socket.socket, sink: socket.socket, ports: tuple[int, int], sent: dict[int, int]) -> None:
        with source:
            while data := self._receive(source):
                with self._lock:
                    self._packets.append(_packet(data, ports, sent[ports[0]], sent[ports[1]]))
                    sent[ports[0]] += len(data)
                sink.sendall(data)
            try:
                sink.shutdown(socket.SHUT_WR)
            except OSError:  # the other side is gone already
                return

    @staticmethod
    def _receive(source: socket.socket) -> bytes:
        try:
            return source.recv(1400)
        except ConnectionError:
            return b""


def _packet(data: bytes, ports: tuple[int, int], sequence: int, acknowledged: int) -> bytes:
    tcp = struct.pack(">HHIIBBHHH", *ports, sequence, acknowledged, 5 << 4, 0x18, 65_535, 0, 0)
    address = socket.inet_aton("127.0.0.1")
    return struct.pack(">BBHHHBBH4s4s", 0x45, 0, 40 + len(data), 0, 0, 64, 6, 0, address, address) + tcp + data


@pytest.fixture
def recorder(new_server: Server) -> Iterator[Recorder]:
    recording = Recorder(new_server.port)
    yield recording
    recording.close()


def dissect(recorder: Recorder, folder: Path, filter_: str) -> list[str]:
    """The packets that match a display filter, one line each."""
    path = folder / "session.pcap"
    recorder.write(path)
    command = ["tshark", "-2", "-r", str(path), "-Y", filter_]  # two passes, to know of reassembly
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    return done.stdout.splitlines()


def use_pycomm3(port: int) -> None:
    with LogixDriver(f"127.0.0.1:{port}/0") as driver:
        driver.write("Many{5000}", list(range(5000)))
        driver.write(("OneDINT", 3), ("Text", "abc"), ("AOI1.Parts[1].Serial", "x"))
        driver.write("OneDINT.3", True)
        driver.read("Many{5000}")
        driver.read("OneDINT", "Nope", "AOI1", "Stations{3}", "Program:MainProgram.Step", "Many[5000]")
        driver.write("Locked", 1)
        driver.get_plc_time()
        driver.get_module_info(0)


def use_pylogix(port: int, open_pylogix: Open) -> None:
    with open_pylogix(port) as client:
        client.GetTagList()
        client.Write("Text", "abc")
        client.Write("Many[0]", list(range(500)))
        client.Read(["OneDINT", "OneBOOL", "Nope"])
        client.GetPLCTime()
    with open_pylogix(port, slot=4) as elsewhere:
        elsewhere.Read("OneDINT")


def use_cm_ethernetip(port: int) -> None:
    async def exchange() -> None:
        for path, connected in ((None, False), ("1,0", False), ("1,0", True)):
            async with TagClient("127.0.0.1", port, path=path, use_connected=connected) as client:
                await client.browse_tags()
                await client.write_dint("OneDINT", 4)
                await client.read_string("Text")

    asyncio.run(exchange())


def test_no_frame_of_a_python_client_is_malformed(
    new_plc: Controller, recorder: Recorder, open_pylogix: Open, tmp_path: Path
) -> None:
    use_pycomm3(recorder.port)
    new_plc.faults.refuse(Service.LARGE_FORWARD_OPEN)
    use_pycomm3(recorder.port)
    use_pylogix(recorder.port, open_pylogix)
    use_cm_ethernetip(recorder.port)

    assert dissect(recorder, tmp_path, f"{WRONG} || {NOT_UNDERSTOOD}") == []
    assert len(dissect(recorder, tmp_path, "enip && cip.rr == 1")) > 100


def test_no_frame_of_st_ethernet_ip_is_malformed(recorder: Recorder, node_client: Path, tmp_path: Path) -> None:
    for mode in ("connected", "unconnected"):
        script = str(Path(__file__).parent / "node" / "client.cjs")
        subprocess.run(["node", script, str(recorder.port), mode], cwd=node_client, timeout=60, check=True)

    assert dissect(recorder, tmp_path, WRONG) == []
    assert len(dissect(recorder, tmp_path, "enip && cip.rr == 1")) > 100


def test_the_dissector_does_find_a_malformed_frame(recorder: Recorder, tmp_path: Path) -> None:
    with socket.create_connection(("127.0.0.1", recorder.port)) as client:
        client.sendall(struct.pack("<HHII8sI", 0x65, 4, 0, 0, b"", 0) + b"\x01\0\0\0")
        session = struct.unpack_from("<I", client.recv(28, socket.MSG_WAITALL), 4)[0]
        items = b"\0\0\0\0\0\0\x02\0\0\0\0\0\xb2\0\x02\0\x4c\x05"  # a path of five words that is not there
        client.sendall(struct.pack("<HHII8sI", 0x6F, len(items), session, 0, b"", 0) + items)
        client.recv(4096)

    assert len(dissect(recorder, tmp_path, "_ws.malformed")) == 1
