"""When a record is sent, repeated, and left alone: driven by a clock that the test holds."""

from itertools import pairwise
from typing import Any

import pytest

from jidoka.runtime.custody import Custodian, Sending
from jidoka.runtime.journal import Journal
from jidoka.runtime.outbox import Outbox
from jidoka.schemas import Custody, Packet, PartArrived, Scope, ServiceStatus, Stream, custody_of, encode

SCOPE = Scope("demo", "line1")
SOURCE = "plc-gateway-1"
FACTS = Stream.FACTS


class Bench:
    """A custodian over an outbox in memory, whose connection always works."""

    def __init__(self, make: Any, journal: Journal | None = None) -> None:
        self.make, self.now = make, 100.0
        self.outbox = Outbox(journal or Journal(None), SCOPE, SOURCE, 10 * 2**20, lambda: self.now)
        self.custodian = Custodian(self.outbox, SCOPE, seed=1)
        self.held: list[Custody] = []

    def publish(self, count: int) -> None:
        for _ in range(count):
            self.outbox.add(self.make.part())

    def keeper(self, online: bool) -> None:
        status = ServiceStatus.model_validate_json(
            f'{{"service":"historian","instance":"historian-1","online":{str(online).lower()},"version":"1",'
            '"at":"2026-01-01T00:00:00Z"}'
        )
        self.custodian.control(encode(status, SCOPE), self.now)

    def receipt(self, custodies: list[Custody]) -> None:
        self.held += custodies
        self.custodian.control(encode(self.make.receipt(SOURCE, self.held), SCOPE), self.now)

    def send(self, stream: Stream = FACTS) -> list[Sending]:
        """All that may be sent now."""
        self.custodian.tend(self.now)
        sent: list[Sending] = []
        while taken := self.custodian.take(stream, 50, self.now) or self.custodian.take_repeats(stream, 50, self.now):
            for sending in taken:
                self.custodian.sent(sending, self.now)
            sent += taken
        return sent

    def wait_for_repeats(self, most: float = 200.0) -> tuple[float, list[Sending]]:
        """How long it took until something was repeated, and what."""
        began = self.now
        while self.now < began + most:
            if sent := self.send():
                return self.now - began, sent
            self.now += 0.1
        return self.now - began, []


@pytest.fixture
def bench(make: Any) -> Bench:
    return Bench(make)


def numbers(sent: list[Sending]) -> list[int]:
    return [sending.row.seq for sending in sent]


def identities(sent: list[Sending]) -> list[Custody]:
    return [custody for sending in sent if (custody := custody_of(sending.row.packet))]


def test_a_record_is_sent_once_on_its_topic_and_repeated_only_to_a_historian_that_is_there(bench: Bench) -> None:
    bench.publish(3)
    first = bench.send()
    assert numbers(first) == [1, 2, 3]
    assert not any(sending.repeat for sending in first)
    assert bench.custodian.outgoing(first[0]).packet.topic == "jidoka/v1/demo/line1/parts/AOI1"
    assert bench.wait_for_repeats()[1] == []
    bench.keeper(online=True)
    _, repeats = bench.wait_for_repeats()
    assert numbers(repeats) == [1, 2, 3]
    assert {bench.custodian.outgoing(sending).packet.topic for sending in repeats} == {
        "jidoka/v1/demo/line1/repeats/plc-gateway-1"
    }
    assert bench.custodian.outgoing(repeats[0]).packet.properties == first[0].row.packet.properties
    bench.keeper(online=False)
    assert bench.wait_for_repeats()[1] == []


def test_a_record_with_a_receipt_is_not_repeated(bench: Bench) -> None:
    bench.keeper(online=True)
    bench.publish(3)
    bench.receipt(identities(bench.send()))
    assert bench.wait_for_repeats()[1] == []
    assert bench.outbox.pending()[FACTS].records == 0


def test_the_first_repeat_waits_five_seconds_and_the_next_ones_ever_longer_up_to_a_minute(bench: Bench) -> None:
    bench.keeper(online=True)
    bench.publish(1)
    bench.send()
    waits = []
    for _ in range(7):
        waited, sent = bench.wait_for_repeats()
        assert numbers(sent) == [1]
        bench.now += 0.1
        waits.append(waited)
    assert 5.0 <= waits[0] < 7.0
    assert all(later > earlier * 1.3 for earlier, later in pairwise(waits[1:5]))
    assert all(40 < waited <= 75 for waited in waits[5:])


def test_the_window_is_bounded_and_slides_and_grows_as_receipts_come(bench: Bench) -> None:
    bench.publish(900)
    bench.send()
    bench.now += 10
    bench.keeper(online=True)
    first = bench.send()
    assert numbers(first) == list(range(1, 201))
    bench.now += 1
    assert bench.send() == []
    bench.receipt(identities(first))
    second = bench.send()
    assert numbers(second) == list(range(201, 601))
    bench.now += 1
    bench.receipt(identities(second[:50]))
    assert numbers(bench.send()) == list(range(601, 701))
    bench.now += 1
    bench.receipt(identities(second[50:]))
    assert numbers(bench.send()) == list(range(701, 901))


def test_repeats_that_got_lost_are_repeated_before_those_behind_them(bench: Bench) -> None:
    bench.publish(5000)
    bench.send()
    bench.now += 10
    bench.keeper(online=True)
    lost = bench.send()
    assert len(lost) == 200
    bench.now += 7
    arrived: list[Sending] = []
    while len(arrived) < 3000:
        sent = bench.send()
        arrived += sent
        bench.receipt(identities(sent))
        bench.now += 0.3
        if set(numbers(lost)) <= set(numbers(arrived)):
            break
    assert len(arrived) < 3000


def test_a_historian_that_answers_nothing_gets_a_small_window_at_long_intervals(bench: Bench) -> None:
    bench.publish(3000)
    bench.send()
    bench.now += 10
    bench.keeper(online=True)
    answered = bench.send()
    while len(answered) < 1500:
        bench.now += 1
        bench.receipt(identities(answered))
        answered += bench.send()
    began, silent = bench.now, []
    while bench.now < began + 180:
        bench.now += 0.5
        silent += bench.send()
    assert 200 <= len(silent) <= 6 * 200


def test_records_that_are_never_receipted_hold_nothing_up(bench: Bench) -> None:
    bench.publish(600)
    bench.send()
    bench.now += 10
    bench.keeper(online=True)
    stuck = {5, 250}
    seen: set[int] = set()
    for _ in range(20):
        _, sent = bench.wait_for_repeats()
        seen |= set(numbers(sent))
        bench.receipt([custody for custody in identities(sent) if custody.seq not in stuck])
        if len(seen) == 600:
            break
    assert seen == set(range(1, 601))
    bench.now += 1
    bench.send()
    assert bench.outbox.pending()[FACTS].records == 2


def test_new_records_go_out_while_old_ones_wait_for_their_receipt(bench: Bench) -> None:
    bench.keeper(online=True)
    bench.publish(300)
    bench.send()
    bench.now += 10
    bench.send()
    bench.publish(1)
    sent = bench.send()
    assert [(sending.row.seq, sending.repeat) for sending in sent] == [(301, False)]


def test_a_steady_flow_does_not_keep_an_early_record_from_its_repeat(bench: Bench) -> None:
    bench.keeper(online=True)
    repeated: list[int] = []
    for _ in range(100):
        bench.publish(1)
        sent = bench.send()
        repeated += [sending.row.seq for sending in sent if sending.repeat]
        bench.receipt([custody for custody in identities(sent) if custody.seq != 1])
        bench.now += 0.08
    assert 1 in repeated


def test_records_of_an_earlier_run_are_repeats_at_once(make: Any) -> None:
    journal = Journal(None)
    Bench(make, journal).publish(3)
    bench = Bench(make, journal)
    assert bench.send() == []
    bench.keeper(online=True)
    sent = bench.send()
    assert numbers(sent) == [1, 2, 3]
    assert all(sending.repeat for sending in sent)


def test_what_the_connection_did_not_take_is_sent_on_its_topic_later_in_order(bench: Bench) -> None:
    bench.publish(4)
    taken = bench.custodian.take(FACTS, 3, bench.now)
    bench.custodian.sent(taken[0], bench.now)
    bench.custodian.put_back(taken[1:])
    bench.custodian.closed()
    assert not bench.custodian.idle()
    sent = bench.send()
    assert numbers(sent) == [2, 3, 4]
    assert not any(sending.repeat for sending in sent)


def test_a_stale_record_is_never_sent_on_its_topic(bench: Bench) -> None:
    assert PartArrived.fresh_for is not None
    bench.publish(2)
    bench.now += PartArrived.fresh_for + 1
    bench.publish(1)
    sent = bench.send()
    assert [(sending.row.seq, sending.repeat) for sending in sent] == [(3, False)]
    bench.receipt(identities(sent))
    bench.keeper(online=True)
    late = bench.wait_for_repeats()[1]
    assert [(sending.row.seq, sending.repeat) for sending in late] == [(1, True), (2, True)]


def test_a_stale_record_goes_to_a_historian_that_is_there_without_delay(bench: Bench) -> None:
    bench.keeper(online=True)
    bench.publish(1)
    bench.now += 60
    assert [(sending.row.seq, sending.repeat) for sending in bench.send()] == [(1, True)]


def test_of_two_historians_one_is_enough(bench: Bench) -> None:
    bench.keeper(online=True)
    standby = ServiceStatus.model_validate_json(
        '{"service":"historian","instance":"historian-2","online":false,"version":"1","at":"2026-01-01T00:00:00Z"}'
    )
    bench.custodian.control(encode(standby, SCOPE), bench.now)
    assert bench.custodian.keeper_online()
    status = SCOPE.filter(ServiceStatus, service="historian", instance="historian-1")
    bench.custodian.control(Packet(status, b"", None), bench.now)
    assert not bench.custodian.keeper_online()


def test_nonsense_on_the_control_topics_changes_nothing(bench: Bench) -> None:
    bench.publish(1)
    bench.send()
    for payload in (b"{", b"null", b'{"source":"plc-gateway-1","watermarks":[{}],"at":"2026-01-01T00:00:00Z"}'):
        bench.custodian.control(Packet("jidoka/v1/demo/line1/receipts/plc-gateway-1", payload), bench.now)
    other = bench.make.receipt("someone-else", [Custody(SOURCE, FACTS, bench.outbox._ledger.epoch, 1)])
    bench.custodian.control(encode(other, SCOPE), bench.now)
    bench.send()
    assert bench.outbox.pending()[FACTS].records == 1
