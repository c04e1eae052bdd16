"""What any broker must do for the bus, and the bus on any broker."""

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import pytest

from jidoka.runtime.journal import Journal
from jidoka.runtime.link import Outgoing
from jidoka.schemas import (
    AlarmCondition,
    Custody,
    DeviceKind,
    DeviceStatus,
    Frame,
    Packet,
    PartArrived,
    Receipt,
    Scope,
    ServiceStatus,
    Stream,
    TagBatch,
    new_id,
)

AT = "2026-01-02T03:04:05Z"


def device(name: str, online: bool = True) -> DeviceStatus:
    return DeviceStatus.model_validate_json(
        f'{{"kind":"plc","name":"{name}","online":{str(online).lower()},"source":"plc-gateway-1","at":"{AT}"}}'
    )


def frame() -> Frame:
    return Frame.model_validate_json(
        f'{{"frame_id":"{new_id()}","station":"AOI1","camera":"top","captured_at":"{AT}","width":8,"height":8,'
        f'"sha256":"{"0" * 64}"}}'
    ).with_image(b"jpeg")


def subscribe(bus: Any, *classes: Any, **options: Any) -> None:
    bus.subscribe(*classes, **options)
    assert bus.settled(10)


def take(bus: Any, count: int) -> list[Any]:
    """The next `count` deliveries, acknowledged."""
    taken: list[Any] = []
    for _ in range(50):
        with bus.batch(count - len(taken), 0.2) as batch:
            taken += batch
        if len(taken) == count:
            break
    return taken


def nothing_more(bus: Any) -> bool:
    with bus.batch(1, 0.2) as batch:
        return len(batch) == 0


def round_trip(rig: Any, bus: Any) -> None:
    """The broker has answered all that this bus has sent, acknowledgements before it included."""
    bus.publish(device(f"seen-by-{bus.instance}"))
    rig.eventually(bus._sender.idle)


class Keeper:
    """The least that a historian does: takes records, remembers their identity, publishes receipts."""

    def __init__(self, rig: Any, make: Any, **options: Any) -> None:
        self.bus = rig.bus("historian", **options)
        self.bus.subscribe_repeats()
        subscribe(self.bus, PartArrived, TagBatch, AlarmCondition)
        self._rig, self._make = rig, make
        self.held: set[Custody] = set()
        self.topics: list[tuple[str, int]] = []

    def work(self, source: str = "plc-gateway-1", answer: bool = True) -> None:
        with self.bus.batch(500, 0.05) as batch:
            for delivery in batch:
                assert delivery.custody
                self.held.add(delivery.custody)
                self.topics.append((delivery.packet.topic, delivery.custody.seq))
        if answer and self.held:
            self.bus.publish(self._make.receipt(source, self.held))

    def work_until(self, condition: Callable[[], object], answer: bool = True) -> None:
        def done() -> object:
            self.work(answer=answer)
            return condition()

        self._rig.eventually(done)


def test_topics_reach_those_who_subscribed_and_their_address(rig: Any, make: Any) -> None:
    gateway = rig.bus("plc-gateway", journal=Journal(None))
    all_parts, one_station = rig.bus("a"), rig.bus("b")
    subscribe(all_parts, PartArrived)
    subscribe(one_station, PartArrived, station="AOI2")
    sent = [make.part("AOI1"), make.part("AOI2")]
    for message in sent:
        gateway.publish(message, traceparent="00-trace")
    assert [delivery.message for delivery in take(all_parts, 2)] == sent
    got = take(one_station, 1)[0]
    assert got.message == sent[1]
    assert got.packet.property("traceparent") == "00-trace"
    assert got.custody == Custody("plc-gateway-1", Stream.FACTS, got.custody.epoch, 2)
    assert nothing_more(one_station)


def test_the_same_filter_subscribed_twice_delivers_once(rig: Any, make: Any) -> None:
    gateway, reader = rig.bus("plc-gateway", journal=Journal(None)), rig.bus("reader")
    subscribe(reader, PartArrived)
    subscribe(reader, PartArrived)
    gateway.publish(make.part())
    assert len(take(reader, 1)) == 1
    assert nothing_more(reader)


def test_state_is_retained_until_it_is_retracted(rig: Any) -> None:
    gateway, early, late = rig.bus("plc-gateway"), rig.bus("early"), rig.bus("late")
    subscribe(early, DeviceStatus)
    gateway.publish(device("plc1"))
    assert not take(early, 1)[0].retained
    subscribe(late, DeviceStatus, kind=DeviceKind.PLC.value)
    seen = take(late, 1)[0]
    assert seen.retained
    assert seen.message == device("plc1")
    gateway.retract(device("plc1"))
    assert take(late, 1)[0].packet.payload == b""
    newcomer = rig.bus("newcomer")
    subscribe(newcomer, DeviceStatus)
    assert nothing_more(newcomer)


def test_a_dead_service_is_said_to_be_offline_by_the_broker(rig: Any) -> None:
    watcher, victim = rig.bus("watcher"), rig.bus("victim")
    subscribe(watcher, ServiceStatus, service="victim")
    assert take(watcher, 1)[0].message.online
    rig.kill(victim)
    assert not take(watcher, 1)[0].message.online


def parts_waiting(rig: Any, make: Any, count: int) -> tuple[Any, list[PartArrived]]:
    """A reader in whose inbox so many parts lie, and the parts."""
    gateway, reader = rig.bus("plc-gateway", journal=Journal(None)), rig.bus("reader")
    subscribe(reader, PartArrived)
    sent = [make.part() for _ in range(count)]
    for message in sent:
        gateway.publish(message)
    rig.eventually(lambda: len(reader._inbox._queue) == count)
    return reader, sent


def test_a_failed_batch_comes_again_in_order_and_first(rig: Any, make: Any) -> None:
    reader, sent = parts_waiting(rig, make, 5)
    with pytest.raises(OSError, match="disk"), reader.batch(3, 1) as batch:
        assert [delivery.message for delivery in batch] == sent[:3]
        raise OSError("disk")
    with reader.batch(1, 1) as batch:
        assert list(batch.messages) == sent[:1]
    with reader.batch(10, 0) as batch:
        assert list(batch.messages) == sent[1:]
    round_trip(rig, reader)
    rig.cut(reader)
    assert nothing_more(reader)


def test_a_batch_decoded_ahead_follows_in_order_whatever_became_of_the_one_before(rig: Any, make: Any) -> None:
    reader, sent = parts_waiting(rig, make, 9)
    with pytest.raises(OSError, match="disk"), reader.batch(3, 1, ahead=True) as batch:
        assert list(batch.messages) == sent[:3]
        rig.eventually(lambda: len(reader._inbox._queue) == 3)
        raise OSError("disk")
    for first in (0, 3, 6):
        with reader.batch(3, 1, ahead=True) as batch:
            assert list(batch.messages) == sent[first : first + 3]
    with reader.batch(3, 0.05, ahead=True) as batch:
        assert list(batch.messages) == []
    round_trip(rig, reader)
    rig.cut(reader)
    assert nothing_more(reader)


def test_what_was_not_acknowledged_comes_again_after_a_reconnect(rig: Any, make: Any) -> None:
    gateway, reader = rig.bus("plc-gateway", journal=Journal(None)), rig.bus("reader", session_expiry=600)
    subscribe(reader, PartArrived)
    sent = [make.part() for _ in range(6)]
    for message in sent:
        gateway.publish(message)
    rig.eventually(lambda: len(reader._inbox._queue) == 6)
    assert len(take(reader, 2)) == 2
    round_trip(rig, reader)
    with reader.batch(2, 1) as batch:
        kept = list(batch)
        rig.cut(reader)
    # the acknowledgements of `kept` belonged to the dead connection: all four come again
    again = take(reader, 4)
    assert [delivery.message for delivery in again] == sent[2:]
    assert [delivery.message for delivery in kept] == sent[2:4]
    assert all(delivery.again for delivery in again[:2])
    round_trip(rig, reader)
    rig.cut(reader)
    assert nothing_more(reader)


def test_acknowledgements_of_a_lost_session_do_not_hit_the_messages_of_the_next(killable: Any, make: Any) -> None:
    rig = killable
    gateway, reader = rig.bus("plc-gateway", journal=Journal(None)), rig.bus("reader", session_expiry=600)
    subscribe(reader, PartArrived)
    for _ in range(2):
        gateway.publish(make.part())
    with reader.batch(2, 10) as batch:
        assert len(batch) == 2
        rig.kill_broker()
        rig.eventually(lambda: not reader.connected)
        rig.start_broker()
        rig.eventually(lambda: reader.settled(0) and gateway.connected)
        sent = [make.part(), make.part()]
        for message in sent:
            gateway.publish(message)
        rig.eventually(lambda: len(reader._inbox._queue) == 2)
    # the broker numbered the new ones as it had the old ones; they must still be its to deliver again
    round_trip(rig, reader)
    rig.cut(reader)
    assert [delivery.message for delivery in take(reader, 2)] == sent


def test_a_kept_session_has_what_came_while_the_service_was_away(rig: Any, make: Any) -> None:
    gateway, reader = rig.bus("plc-gateway", journal=Journal(None)), rig.bus("reader", session_expiry=600)
    subscribe(reader, PartArrived)
    gateway.publish(make.part())
    assert len(take(reader, 1)) == 1
    round_trip(rig, reader)
    rig.away(reader)
    sent = make.part()
    gateway.publish(sent)
    rig.eventually(gateway._sender.idle)
    rig.back(reader)
    assert take(reader, 1)[0].message == sent


def test_a_shared_subscription_gives_each_message_to_one(rig: Any, make: Any) -> None:
    gateway = rig.bus("plc-gateway", journal=Journal(None))
    workers = [rig.bus("inference", instance=f"inference-{number}") for number in (1, 2)]
    for worker in workers:
        subscribe(worker, PartArrived, share="inference")
    sent = [make.part() for _ in range(20)]
    for message in sent:
        gateway.publish(message)
    got: list[list[Any]] = [[], []]

    def all_came() -> bool:
        for mine, worker in zip(got, workers, strict=True):
            with worker.batch(50, 0.02) as batch:
                mine.extend(batch.messages)
        return len(got[0]) + len(got[1]) >= 20

    rig.eventually(all_came)
    assert sorted(message.counter for message in got[0] + got[1]) == [message.counter for message in sent]
    assert got[0]
    assert got[1]


def test_a_stream_message_expires_in_the_queue_of_who_is_away(rig: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    camera, reader = rig.bus("vision-gateway"), rig.bus("reader", session_expiry=600)
    subscribe(reader, Frame)
    camera.publish(frame())
    assert len(take(reader, 1)) == 1
    round_trip(rig, reader)
    rig.away(reader)
    monkeypatch.setattr(Frame, "expiry", 1)
    camera.publish(frame())
    rig.pass_time(2.2)
    monkeypatch.setattr(Frame, "expiry", 60)
    lasting = frame()
    camera.publish(lasting)
    rig.eventually(camera._sender.idle)
    rig.back(reader)
    assert take(reader, 1)[0].message == lasting
    assert nothing_more(reader)


def test_what_is_no_message_is_told_apart_and_stops_nothing(rig: Any, make: Any) -> None:
    gateway, reader = rig.bus("plc-gateway", journal=Journal(None)), rig.bus("reader", session_expiry=600)
    subscribe(reader, PartArrived)
    topic = rig.scope.topic(make.part())
    gateway._link.send(Outgoing(Packet(topic, b"\x00not json", None, (("schema", "PartArrived/1"),))))
    good = make.part()
    gateway.publish(good)
    rig.eventually(lambda: len(reader._inbox._queue) == 2)
    with reader.batch(2, 1) as batch:
        assert [delivery.error is None for delivery in batch] == [False, True]
        assert list(batch.messages) == [good]
    round_trip(rig, reader)
    rig.cut(reader)
    assert nothing_more(reader)


def test_a_receipt_prunes_and_no_other_one_does(rig: Any, make: Any, brisk: None) -> None:
    keeper = Keeper(rig, make)
    gateway = rig.bus("plc-gateway", journal=Journal(None))
    for _ in range(3):
        gateway.publish(make.part())
    keeper.work_until(lambda: len(keeper.held) == 3, answer=False)
    epoch = next(iter(keeper.held)).epoch
    forged = [Custody("plc-gateway-1", Stream.FACTS, epoch, seq) for seq in range(1, 10)]
    keeper.bus.publish(make.receipt("plc-gateway-1", forged))
    strange = [Custody("plc-gateway-1", Stream.FACTS, str(new_id()), seq) for seq in range(1, 4)]
    keeper.bus.publish(make.receipt("plc-gateway-1", strange))
    rig.pass_time(1.2)
    assert gateway.outbox.pending()[Stream.FACTS].records == 3
    keeper.bus.publish(make.receipt("plc-gateway-1", keeper.held))
    rig.eventually(lambda: gateway.outbox.pending()[Stream.FACTS].records == 0)


def test_repeats_go_to_the_historian_alone_and_only_while_it_is_online(rig: Any, make: Any, brisk: None) -> None:
    gateway, watcher = rig.bus("plc-gateway", journal=Journal(None)), rig.bus("watcher")
    subscribe(watcher, PartArrived)
    sent = make.part()
    gateway.publish(sent)
    assert take(watcher, 1)[0].message == sent
    rig.pass_time(1.5)
    keeper = Keeper(rig, make)
    keeper.work_until(lambda: len(keeper.topics) > 1, answer=False)
    assert set(keeper.topics) == {(rig.scope.repeats("plc-gateway-1"), 1)}
    keeper.work_until(lambda: gateway.outbox.pending()[Stream.FACTS].records == 0)
    assert nothing_more(watcher)


def test_a_killed_broker_loses_no_record_and_none_is_sent_twice_on_its_topic(
    killable: Any, make: Any, brisk: None
) -> None:
    rig = killable
    keeper = Keeper(rig, make, session_expiry=600, receive_maximum=500)
    gateway, watcher = rig.bus("plc-gateway", journal=Journal(None)), rig.bus("watcher", receive_maximum=500)
    subscribe(watcher, PartArrived, TagBatch)
    for number in range(120):
        gateway.publish(make.part())
        gateway.publish(make.scan())
        if number == 40:
            rig.kill_broker()
        if number == 80:
            rig.start_broker()
    keeper.work_until(lambda: all(p.records == 0 for p in gateway.outbox.pending().values()))
    for stream in (Stream.FACTS, Stream.SAMPLES):
        assert sorted(custody.seq for custody in keeper.held if custody.stream is stream) == list(range(1, 121))
    with watcher.batch(500, 0.5) as batch:
        seen = [delivery.custody for delivery in batch]
    assert len(seen) == len(set(seen)) > 0


def test_what_the_broker_did_not_answer_is_repeated_to_the_historian_but_not_on_its_topic(
    rig: Any, make: Any, brisk: None
) -> None:
    keeper = Keeper(rig, make)
    gateway, watcher = rig.bus("plc-gateway", journal=Journal(None)), rig.bus("watcher")
    subscribe(watcher, PartArrived)
    rig.deafen(gateway)
    for _ in range(5):
        gateway.publish(make.part())
    assert len(take(watcher, 5)) == 5
    rig.away(gateway)
    rig.back(gateway)
    gateway.publish(make.part())
    keeper.work_until(lambda: gateway.outbox.pending()[Stream.FACTS].records == 0)
    assert [delivery.custody.seq for delivery in take(watcher, 1)] == [6]
    assert nothing_more(watcher)


def test_states_are_there_again_after_the_broker_lost_them(killable: Any) -> None:
    rig = killable
    gateway = rig.bus("plc-gateway")
    gateway.publish(device("plc1"))
    gateway.publish(device("plc2"))
    gateway.retract(device("plc2"))
    rig.eventually(gateway._sender.idle)
    rig.kill_broker()
    rig.start_broker()
    rig.eventually(lambda: gateway.connected and gateway._sender.idle())
    reader = rig.bus("reader")
    subscribe(reader, DeviceStatus)
    subscribe(reader, ServiceStatus, service="plc-gateway")
    assert [type(delivery.message) for delivery in take(reader, 2)] == [DeviceStatus, ServiceStatus]
    assert nothing_more(reader)


def test_what_was_published_while_cut_off_is_sent_on_its_topic_later(
    new_journal: Callable[[str], Journal], rig: Any, make: Any, brisk: None
) -> None:
    gateway, watcher = rig.bus("plc-gateway", journal=new_journal("gateway")), rig.bus("watcher")
    subscribe(watcher, PartArrived)
    rig.away(gateway)
    sent = [make.part() for _ in range(3)]
    for message in sent:
        gateway.publish(message)
    rig.back(gateway)
    assert [delivery.message for delivery in take(watcher, 3)] == sent


def test_a_record_too_old_to_act_on_goes_to_the_historian_alone(
    rig: Any, make: Any, brisk: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PartArrived, "fresh_for", 0.2)
    keeper = Keeper(rig, make)
    gateway, watcher = rig.bus("plc-gateway", journal=Journal(None)), rig.bus("watcher")
    subscribe(watcher, PartArrived)
    rig.away(gateway)
    gateway.publish(make.part())
    rig.pass_time(0.5)
    rig.back(gateway)
    keeper.work_until(lambda: keeper.topics)
    assert {topic for topic, _ in keeper.topics} == {rig.scope.repeats("plc-gateway-1")}
    assert nothing_more(watcher)


def test_receipts_are_read_again_by_a_restarted_publisher(
    new_journal: Callable[[str], Journal], rig: Any, make: Any, brisk: None
) -> None:
    keeper = Keeper(rig, make)
    journal = new_journal("gateway")
    with ExitStack() as first_run:
        gateway = rig.bus("plc-gateway", first_run, journal=journal)
        gateway.publish(make.part())
        keeper.work_until(lambda: keeper.held, answer=False)
    keeper.bus.publish(make.receipt("plc-gateway-1", keeper.held))
    rig.eventually(keeper.bus._sender.idle)
    restarted = rig.bus("plc-gateway", journal=journal)
    rig.eventually(lambda: restarted.outbox.pending()[Stream.FACTS].records == 0)
    assert keeper.topics == [(Scope.topic(rig.scope, make.part()), 1)]
    assert isinstance(make.receipt("x", keeper.held), Receipt)
