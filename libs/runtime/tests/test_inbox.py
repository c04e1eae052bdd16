"""The inbox: bounds, waiting, and what a batch says of what it holds."""

import threading

from jidoka.runtime.batch import Batch, delivery
from jidoka.runtime.inbox import Inbox
from jidoka.runtime.link import Incoming
from jidoka.schemas import Packet


def incoming(number: int, qos: int = 1, generation: int = 1) -> Incoming:
    return Incoming(Packet("t", str(number).encode()), qos, number, generation)


def payloads(taken: list[Incoming]) -> list[int]:
    return [int(message.packet.payload) for message in taken]


def test_it_gives_what_is_there_at_once_when_that_is_enough() -> None:
    inbox = Inbox(10)
    for number in range(5):
        inbox.put(incoming(number))
    assert payloads(inbox.take(3, 1000)) == [0, 1, 2]
    assert payloads(inbox.take(10, 0)) == [3, 4]


def test_it_does_not_wait_for_more_than_the_broker_may_send() -> None:
    inbox = Inbox(3)
    for number in range(3):
        inbox.put(incoming(number))
    assert payloads(inbox.take(500, 1000)) == [0, 1, 2]


def test_a_message_ends_the_waiting() -> None:
    inbox = Inbox(10)
    threading.Timer(0.05, inbox.put, (incoming(7),)).start()
    assert payloads(inbox.take(1, 30)) == [7]
    threading.Timer(0.05, inbox.close).start()
    assert inbox.take(1, 30) == []


def test_of_unreliable_messages_the_newest_win_and_reliable_ones_stay() -> None:
    inbox = Inbox(3)
    inbox.put(incoming(100))
    for number in range(10):
        inbox.put(incoming(number, qos=0))
    assert payloads(inbox.take(3, 0)) == [100, 7, 8]
    inbox.put(incoming(10, qos=0))
    assert payloads(inbox.take(9, 0)) == [9, 10]


def test_what_the_broker_will_deliver_again_is_forgotten() -> None:
    inbox = Inbox(10)
    inbox.put(incoming(1, generation=1))
    inbox.put(incoming(2, qos=0, generation=1))
    inbox.put(incoming(3, generation=2))
    inbox.forget(2)
    assert payloads(inbox.take(10, 0)) == [2, 3]


def test_an_undecodable_record_keeps_its_identity() -> None:
    properties = (("schema", "PartArrived/1"), ("source", "g"), ("stream", "facts"),
                  ("epoch", "01890a5d-ac96-774b-bcce-b302099a8057"), ("seq", "4"))  # fmt: skip
    bad = delivery(Incoming(Packet("jidoka/v1/d/l/parts/AOI1", b"{", None, properties)))
    assert bad.message is None
    assert "PartArrived" in str(bad.error)
    assert bad.custody
    assert bad.custody.seq == 4
    wrong = delivery(Incoming(Packet("jidoka/v1/d/l/parts/AOI1", b"{}", None, (*properties[:4], ("seq", "-4")))))
    assert wrong.custody is None
    assert "custody" in str(wrong.error)


def test_a_batch_is_a_sequence() -> None:
    batch = Batch([delivery(incoming(number)) for number in range(3)])
    assert len(batch) == 3
    assert batch[0].packet.payload == b"0"
    assert [item.packet.payload for item in batch[1:]] == [b"1", b"2"]
    assert list(batch.messages) == []
