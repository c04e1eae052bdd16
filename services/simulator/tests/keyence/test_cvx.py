"""The CV-X as a client on TCP and an FTP server meet it."""

import socket
import struct
from collections.abc import Iterator

import pytest

from jidoka.simulator.keyence import Controller, Delivery, serve


class Client:
    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=5)
        self.rest = b""

    def say(self, line: str) -> None:
        self.socket.sendall(line.encode() + b"\r")

    def line(self) -> str:
        while b"\r" not in self.rest:
            data = self.socket.recv(4096)
            assert data, "the controller closed the connection"
            self.rest += data
        line, _, self.rest = self.rest.partition(b"\r")
        return line.decode()

    def ask(self, line: str) -> str:
        self.say(line)
        return self.line()


@pytest.fixture
def controller() -> Controller:
    return Controller(lambda _: (b"image", True), None)


@pytest.fixture
def client(controller: Controller) -> Iterator[Client]:
    with serve(controller, "127.0.0.1", 0) as port:
        client = Client(port)
        assert client.ask("RM") == "RM,1"
        yield client
        client.socket.close()


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        ("PR", "PR,1,000"), ("EXW,7", "EXW"), ("TE,0", "TE"), ("STW,0,A1", "STW"), ("VI", "VI,CV-X200F,1.0.0000"),
        ("S0", "S0"), ("R0", "R0"), ("RS", "RS"), ("PW,1,005", "PW"),
        ("XX", "ER,XX,02"), ("", "ER,,02"), ("PW,3,005", "ER,PW,22"), ("PW,1,1000", "ER,PW,22"), ("PW,1", "ER,PW,22"),
        ("EXW,100", "ER,EXW,22"), ("T1,1", "ER,T1,22"), ("STW,0", "ER,STW,22"),
    ],
)  # fmt: skip
def test_commands_echo_their_name_or_say_which_error(client: Client, asked: str, answered: str) -> None:
    assert client.ask(asked) == answered


def test_setup_mode_takes_no_trigger_and_no_program(client: Client) -> None:
    client.ask("S0")
    assert [client.ask(one) for one in ("RM", "T1", "PW,1,001", "RS")] == ["RM,0", "ER,T1,03", "ER,PW,03", "ER,RS,03"]
    client.ask("R0")
    client.ask("TE,0")
    assert client.ask("TA") == "ER,TA,03"


def test_echo_and_result_share_a_segment_and_everyone_hears_results(controller: Controller, client: Client) -> None:
    with serve(controller, "127.0.0.1", 0) as port:
        other = Client(port)
        other.ask("RM")
        client.say("T1")
        assert client.socket.recv(4096).split(b"\r")[:2] == [b"T1", b"+0000001,0,+00000005"]
        assert other.line() == "+0000001,0,+00000005"
        other.socket.close()


def test_a_reset_starts_the_count_anew_and_a_program_keeps_its_number(controller: Controller, client: Client) -> None:
    for line in ("T1", "T1", "PW,2,017", "T1"):
        client.ask(line)
        if line == "T1":
            client.line()
    assert (controller.total, controller.exposures) == (1, 3)
    assert client.ask("PR") == "PR,2,017"


def test_faults_are_per_exposure(controller: Controller, client: Client) -> None:
    fates = iter([Delivery(deaf=True), Delivery(held=True), Delivery(), Delivery(result=2), Delivery(result=0)])
    controller.fate = lambda: next(fates)
    echoes, results = [], []
    for _ in range(5):
        client.say("T1")
    for _ in range(9):
        (echoes if (line := client.line()) == "T1" else results).append(line)
    assert len(echoes) == 5
    assert [int(line[:8]) for line in results] == [2, 1, 3, 3]


def test_a_silent_controller_does_not_answer(controller: Controller, client: Client) -> None:
    controller.silent = True
    client.socket.settimeout(0.2)
    with pytest.raises(TimeoutError):
        client.ask("RM")


def test_a_client_that_resets_its_connection_disturbs_nobody(controller: Controller, client: Client) -> None:
    with serve(controller, "127.0.0.1", 0) as port:
        other = Client(port)
        other.ask("RM")
        other.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        other.socket.close()
        assert client.ask("T1") == "T1"
        assert client.line().startswith("+0000001")
