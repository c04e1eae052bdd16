"""How many records wait for the database."""

from datetime import UTC, datetime
from signal import SIGCONT, SIGSTOP
from typing import Any
from uuid import UUID, uuid4

from jidoka.api.live.queues import Queues
from jidoka.runtime.testing import until
from jidoka.schemas import Custody, Receipt, Stream, Watermark


def _record(seq: int, epoch: UUID, stream: Stream = Stream.FACTS) -> Custody:
    return Custody("plc-gateway-1", stream, str(epoch), seq)


def _receipt(epoch: UUID, upto: int, *extras: int, stream: Stream = Stream.FACTS) -> Receipt:
    watermark = Watermark(stream=stream, epoch=epoch, upto=upto, extras=extras)
    return Receipt(source="plc-gateway-1", watermarks=(watermark,), at=datetime.now(UTC))


def test_what_is_heard_and_not_receipted_waits() -> None:
    queues, epoch = Queues(), uuid4()
    queues.stored(_receipt(epoch, 4))
    for seq in range(1, 11):
        queues.heard(_record(seq, epoch))
    queues.taken()
    assert queues.taken() == {"plc-gateway-1": 6}
    queues.stored(_receipt(epoch, 7, 9, 10))
    assert queues.taken() == {"plc-gateway-1": 1}


def test_the_fewest_of_an_interval_count() -> None:
    queues, epoch = Queues(), uuid4()
    queues.stored(_receipt(epoch, 0))
    for seq in range(1, 100):
        queues.heard(_record(seq, epoch))
        queues.stored(_receipt(epoch, seq))
    queues.heard(_record(105, epoch))
    assert queues.taken() == {"plc-gateway-1": 0}


def test_streams_and_epochs_count_apart_and_a_stranger_to_the_historian_is_not_told() -> None:
    queues, old, new = Queues(), uuid4(), uuid4()
    queues.heard(_record(5000, old))
    assert queues.taken() == {}
    queues.stored(_receipt(old, 5000))
    queues.heard(_record(3, new))
    queues.heard(_record(2, new, Stream.SAMPLES))
    queues.taken()
    assert queues.taken() == {"plc-gateway-1": 5}


def test_records_wait_while_the_historian_does_and_are_gone_after(plant: Any, api: Any, said: Any, scan: Any) -> None:
    plant.publish(scan(Queue_Tag=0.0))
    until(lambda: _waiting(api) == 0, 20, "a receipt")
    plant.historian.signal(SIGSTOP)
    try:
        plant.publish(*[scan(Queue_Tag=float(number)) for number in range(40)])
        until(lambda: (_waiting(api) or 0) >= 40, 20, "records that wait")
        with api.socket() as socket:
            told = said(socket, lambda message: message["type"] == "snapshot")["data"]["queues"]
            plant.historian.signal(SIGCONT)
            said(socket, lambda one: one["type"] == "queue" and one["data"] == {"source": "test-1", "waiting": 0}, 40)
    finally:
        plant.historian.signal(SIGCONT)
    assert next(one for one in told if one["source"] == "test-1")["waiting"] >= 40


def _waiting(api: Any) -> int | None:
    found: dict[str, int] = {one["source"]: one["waiting"] for one in api.get("/queues").json()}
    return found.get("test-1")
