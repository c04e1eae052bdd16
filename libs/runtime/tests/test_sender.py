"""The sender's order and bounds, over a link that does what the test says."""

from collections.abc import Sequence
from typing import Any

import pytest

from jidoka.runtime import sender as sender_module
from jidoka.runtime.custody import Custodian
from jidoka.runtime.journal import Journal
from jidoka.runtime.link import Acked, Closed, Incoming, Opened, Outgoing, Subscription, packet_size
from jidoka.runtime.outbox import Outbox
from jidoka.runtime.sender import Sender
from jidoka.schemas import Lost, Packet, Scope, Stream, decode

SCOPE = Scope("demo", "line1")
HELLO = Outgoing(Packet("jidoka/v1/demo/line1/services/x/x-1", b"online"), retain=True)


class Line:
    """A link that keeps what it is given. `away`: it takes nothing."""

    def __init__(self) -> None:
        self.connected, self.away = True, False
        self.sent: list[Outgoing] = []

    def subscribe(self, subscriptions: Sequence[Subscription]) -> None: ...

    def settled(self) -> bool:
        return True

    def send(self, outgoing: Outgoing) -> int | None:
        if self.away:
            return None
        self.sent.append(outgoing)
        return len(self.sent)

    def acknowledge(self, deliveries: Sequence[Incoming]) -> int:
        return 0

    def trouble(self) -> str | None:
        return None


class Bench:
    def __init__(self) -> None:
        self.line, self.now = Line(), 100.0
        self.outbox = Outbox(Journal(None), SCOPE, "plc-gateway-1", 64 * 2**20, lambda: self.now)
        self.sender = Sender(self.line, Custodian(self.outbox, SCOPE), lambda: HELLO, lambda: self.now)
        self.answered = 0

    def open(self, **limits: Any) -> None:
        self.sender.post(Opened(**limits))
        self.sender.step()

    def answer(self, code: int = 0, reason: str = "Success") -> None:
        """The broker answers all that it was sent."""
        while self.answered < len(self.line.sent):
            self.answered += 1
            self.sender.post(Acked(self.answered, code, reason))
        self.sender.step()

    def topics(self) -> list[str]:
        return [outgoing.packet.topic.split("/")[4] for outgoing in self.line.sent]


@pytest.fixture
def bench() -> Bench:
    return Bench()


def stream(name: str = "one", size: int = 10) -> Outgoing:
    return Outgoing(Packet(f"jidoka/v1/demo/line1/frames/{name}", b"x" * size), expiry=10)


def state(name: str, payload: bytes = b"{}") -> Outgoing:
    return Outgoing(Packet(f"jidoka/v1/demo/line1/devices/{name}", payload), retain=True)


def test_states_go_first_then_facts_then_streams_then_images_then_samples(bench: Bench, make: Any) -> None:
    bench.open(max_inflight=1)
    bench.outbox.add(make.scan())
    bench.outbox.add(make.image())
    bench.sender.stream(stream())
    bench.outbox.add(make.part())
    bench.sender.state(state("a"))
    for _ in range(6):
        bench.answer()
    assert bench.topics() == ["services", "devices", "parts", "frames", "evidence", "scans"]


def test_a_new_fact_does_not_wait_for_the_housekeeping(
    bench: Bench, make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.open()
    bench.now += 5
    bench.outbox.add(make.part())
    bench.outbox.add(make.scan())
    sent_before: list[str] = []
    monkeypatch.setattr(bench.outbox, "tend", lambda: sent_before.extend(bench.topics()))
    bench.sender.step()
    assert sent_before == ["services", "parts"]
    assert bench.topics() == ["services", "parts", "scans"]


def test_the_brokers_receive_maximum_bounds_what_is_in_flight(bench: Bench, make: Any) -> None:
    for _ in range(10):
        bench.outbox.add(make.part())
    bench.open(max_inflight=3)
    assert len(bench.line.sent) == 3
    bench.answer()
    assert len(bench.line.sent) == 6
    assert not bench.sender.idle()
    for _ in range(5):
        bench.answer()
    assert bench.sender.idle()


def test_so_do_the_bytes_in_flight(bench: Bench, make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sender_module, "FLIGHT_BYTES", 25_000)
    for _ in range(8):
        bench.outbox.add(make.image(size=10_000))
    bench.open(max_inflight=2)
    bench.answer()
    bench.open(max_inflight=100)
    in_flight = sum(len(outgoing.packet.payload) for outgoing in bench.line.sent[bench.answered :])
    assert in_flight <= 25_000 + 100 * 10_000
    for _ in range(10):
        bench.answer()
    assert bench.topics().count("evidence") == 8


def test_the_newest_stream_messages_win_and_none_waits_for_a_connection(bench: Bench) -> None:
    bench.sender.stream(stream("offline"))
    bench.open(max_inflight=1)
    for number in range(40):
        bench.sender.stream(stream(str(number)))
    for _ in range(40):
        bench.answer()
    names = [outgoing.packet.topic.split("/")[5] for outgoing in bench.line.sent[1:]]
    assert "offline" not in names
    assert names[-1] == "39"
    assert len(names) <= sender_module.STREAMS_WAITING + 1


def test_live_views_displace_no_frame(bench: Bench) -> None:
    bench.open(max_inflight=1)
    frames = [stream(f"frame{number}") for number in range(sender_module.STREAMS_WAITING)]
    views = [Outgoing(Packet(f"jidoka/v1/demo/line1/live/{number}", b"x"), qos=0) for number in range(50)]
    for frame in frames:
        bench.sender.stream(frame)
    for view in views:
        bench.sender.stream(view)
    for _ in range(40):
        bench.answer()
    assert bench.line.sent[1:] == frames + views[-sender_module.VIEWS_WAITING :]


def test_of_a_state_only_the_newest_is_sent_and_all_come_again_with_the_next_connection(bench: Bench) -> None:
    bench.sender.state(state("a", b"old"))
    bench.sender.state(state("a", b"new"))
    bench.sender.state(state("b"))
    bench.open()
    bench.answer()
    assert [outgoing.packet.payload for outgoing in bench.line.sent if outgoing is not HELLO] == [b"new", b"{}"]
    bench.sender.post(Closed("lost"))
    bench.open()
    assert sorted(bench.topics()[-3:]) == ["devices", "devices", "services"]


def test_a_retracted_state_is_cleared_for_good(bench: Bench) -> None:
    bench.open()
    bench.sender.state(state("a"))
    bench.sender.step()
    bench.sender.state(state("a", b""))
    bench.sender.step()
    bench.sender.post(Closed("lost before the answer"))
    bench.open()
    assert bench.line.sent[-1].packet.payload in (b"", b"online")
    bench.answered = 3
    bench.answer()
    before = len(bench.line.sent)
    bench.sender.post(Closed("lost"))
    bench.open()
    assert [outgoing.packet.payload for outgoing in bench.line.sent[before:]] == [b"online"]


def test_a_record_beyond_the_brokers_packet_size_becomes_a_lost_record(bench: Bench, make: Any) -> None:
    bench.outbox.add(make.image(size=50_000))
    bench.outbox.add(make.image(size=500))
    bench.open(max_packet=10_000)
    assert [len(o.packet.payload) for o in bench.line.sent if "evidence" in o.packet.topic] == [500]
    lost = next(message for o in bench.line.sent if "lost" in o.packet.topic and (message := decode(o.packet)))
    assert isinstance(lost, Lost)
    assert (lost.lost_stream, lost.first, lost.last) == (Stream.EVIDENCE, 1, 1)
    assert bench.outbox.pending()[Stream.EVIDENCE].records == 1


def test_a_stream_message_beyond_it_is_dropped(bench: Bench) -> None:
    bench.open(max_packet=1000)
    bench.sender.stream(stream("big", 5000))
    bench.sender.stream(stream("small", 50))
    bench.sender.step()
    assert [outgoing.packet.topic.split("/")[-1] for outgoing in bench.line.sent] == ["x-1", "small"]


def test_when_the_broker_closes_for_a_packet_too_large_the_largest_unanswered_record_is_given_up(
    bench: Bench, make: Any
) -> None:
    for size in (500, 50_000, 400):
        bench.outbox.add(make.image(size=size))
    bench.open()
    bench.sender.post(Closed("Packet too large", too_large=True))
    bench.sender.step()
    kept = bench.outbox.between(Stream.EVIDENCE, (0, 2**60), 10, 2**60)
    assert [row.seq for row in kept] == [1, 3]
    assert bench.outbox.pending()[Stream.FACTS].records == 1


def test_a_connection_that_takes_nothing_loses_nothing(bench: Bench, make: Any) -> None:
    bench.open()
    for _ in range(3):
        bench.outbox.add(make.part())
    bench.sender.state(state("a"))
    bench.line.away = True
    bench.sender.step()
    bench.sender.post(Closed("lost"))
    bench.line.away = False
    bench.open()
    for _ in range(3):
        bench.answer()
    sent = [decode(outgoing.packet) for outgoing in bench.line.sent if "parts" in outgoing.packet.topic]
    assert len(sent) == 3
    assert "devices" in bench.topics()


def test_what_the_broker_denies_is_named_until_it_allows_it(bench: Bench, make: Any) -> None:
    bench.open()
    bench.answer()
    bench.outbox.add(make.part())
    bench.sender.step()
    bench.answer(0x87, "Not authorized")
    assert bench.sender.trouble() == "parts: the broker denies publishing"
    assert bench.outbox.pending()[Stream.FACTS].records == 1
    bench.outbox.add(make.part())
    bench.sender.step()
    bench.answer()
    assert bench.sender.trouble() is None


def test_an_answer_removes_nothing_from_the_outbox(bench: Bench, make: Any) -> None:
    bench.open()
    bench.outbox.add(make.part())
    for code in (0x00, 0x10, 0x97):
        bench.sender.step()
        bench.answer(code, "whatever")
        assert bench.outbox.pending()[Stream.FACTS].records == 1


def test_the_size_of_a_packet_is_never_underestimated(make: Any) -> None:
    outgoing = Outgoing(Packet("a/ü", b"x" * 300, "application/json", (("schema", "Ä/1"), ("k", "v" * 200))), expiry=5)
    topic, properties = 2 + len("a/ü".encode()), 5 + 3 + 16 + 2 * 5 + len("schemaÄ/1".encode()) + 201
    assert packet_size(outgoing) >= 1 + 2 + topic + 2 + 2 + properties + 300
