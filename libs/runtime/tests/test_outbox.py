"""The outbox: numbers without gaps, receipts, bounds, what is given up and how that is covered."""

import threading
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from jidoka.runtime import outbox as outbox_module
from jidoka.runtime.errors import OutboxFull
from jidoka.runtime.journal import Journal
from jidoka.runtime.outbox import FULL_ALARM, Outbox
from jidoka.runtime.rows import Row
from jidoka.schemas import AlarmCondition, Custody, Evidence, Lost, Scope, Stream, Verdict, custody_of, decode

SCOPE = Scope("demo", "line1")
MB = 2**20


def outbox(journal: Journal | None = None, capacity: int = 10 * MB) -> Outbox:
    return Outbox(journal or Journal(None), SCOPE, "plc-gateway-1", capacity)


def rows(box: Outbox, stream: Stream = Stream.FACTS) -> list[Row]:
    return box.between(stream, (0, 2**60), 10**6, 2**60)


def seqs(box: Outbox, stream: Stream = Stream.FACTS) -> list[int]:
    return [row.seq for row in rows(box, stream)]


def custodies(box: Outbox, stream: Stream = Stream.FACTS) -> list[Custody]:
    return [custody for row in rows(box, stream) if (custody := custody_of(row.packet))]


def covered(box: Outbox) -> list[Lost]:
    return [message for row in rows(box) if isinstance(message := decode(row.packet), Lost)]


def alarms(box: Outbox) -> list[AlarmCondition]:
    return [message for row in rows(box) if isinstance(message := decode(row.packet), AlarmCondition)]


def test_each_stream_counts_from_one_and_the_packet_says_so(make: Any) -> None:
    box = outbox()
    for message in (make.part(), make.scan(), make.part(), make.image()):
        box.add(message, "00-trace")
    assert (seqs(box), seqs(box, Stream.SAMPLES), seqs(box, Stream.EVIDENCE)) == ([1, 2], [1], [1])
    row = rows(box)[1]
    assert custody_of(row.packet) == Custody("plc-gateway-1", Stream.FACTS, row.epoch, 2)
    assert row.packet.property("traceparent") == "00-trace"
    assert rows(box, Stream.EVIDENCE)[0].packet.payload == b"\xff" * 1000


def test_an_image_lets_the_facts_before_it_go_first(make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox_module, "HEAD_START_S", 60.0)
    box = outbox()
    box.add(make.part())
    adding = threading.Thread(target=box.add, args=(make.image(),))
    adding.start()
    adding.join(0.2)
    assert adding.is_alive()
    assert len(box.claim(Stream.FACTS, 10, MB)) == 1
    assert box.claim(Stream.FACTS, 10, MB) == []
    adding.join(30)
    assert not adding.is_alive()
    assert seqs(box, Stream.EVIDENCE) == [1]


def test_a_transaction_that_failed_leaves_no_gap(make: Any) -> None:
    journal = Journal(None)
    box = outbox(journal)
    box.add(make.part())
    with pytest.raises(ValueError, match="no"), journal.transaction():
        box.add(make.part())
        box.add(make.part())
        raise ValueError("no")
    with journal.transaction():
        box.add(make.part())
        assert box.claim(Stream.FACTS, 10, MB)[0].seq == 1
    assert seqs(box) == [1, 2]
    assert box.pending()[Stream.FACTS].records == 2


def test_a_new_start_has_a_new_epoch_and_keeps_the_numbers_of_the_old(
    make: Any, new_journal: Callable[[str], Journal]
) -> None:
    journal = new_journal("j")
    first = outbox(journal)
    first.add(make.part())
    first.add(make.part())
    journal.close()
    second = outbox(new_journal("j"))
    second.add(make.part())
    kept = rows(second)
    assert [row.seq for row in kept] == [1, 2, 1]
    assert kept[0].epoch == kept[1].epoch != kept[2].epoch
    assert [row.seq for row in second.claim(Stream.FACTS, 10, MB)] == [1]
    assert second.inherited == kept[1].id


def test_what_is_claimed_is_claimed_once_in_order_and_bounded(make: Any) -> None:
    box = outbox()
    for _ in range(5):
        box.add(make.scan(1000))
    assert [row.seq for row in box.claim(Stream.SAMPLES, 2, MB)] == [1, 2]
    assert [row.seq for row in box.claim(Stream.SAMPLES, 9, 1)] == [3]
    assert [row.seq for row in box.claim(Stream.SAMPLES, 9, MB)] == [4, 5]
    assert box.claim(Stream.SAMPLES, 9, MB) == []
    assert not box.unclaimed()


def test_a_receipt_removes_what_it_covers(make: Any) -> None:
    box = outbox()
    for _ in range(10):
        box.add(make.part())
    held = custodies(box)
    assert box.receive([make.receipt("plc-gateway-1", held[:3] + held[5:7])])[Stream.FACTS] == [1, 2, 3, 6, 7]
    assert seqs(box) == [4, 5, 8, 9, 10]
    pending = box.pending()[Stream.FACTS]
    assert pending.records == 5
    assert pending.bytes == sum(row.size for row in rows(box))
    box.receive([make.receipt("plc-gateway-1", held)])
    assert box.pending()[Stream.FACTS].bytes == 0


def test_the_highest_watermark_counts_even_after_a_restart(make: Any, new_journal: Callable[[str], Journal]) -> None:
    journal = new_journal("j")
    box = outbox(journal)
    for _ in range(4):
        box.add(make.part())
    held = custodies(box)
    box.receive([make.receipt("plc-gateway-1", held[:3])])
    box.receive([make.receipt("plc-gateway-1", held[:1])])
    journal.close()
    again = outbox(new_journal("j"))
    assert again.receive([make.receipt("plc-gateway-1", held[:1])])[Stream.FACTS] == []
    assert seqs(again) == [4]


def test_a_receipt_beyond_what_was_issued_or_of_an_unknown_epoch_removes_nothing(make: Any) -> None:
    box = outbox()
    box.add(make.part())
    epoch = rows(box)[0].epoch
    beyond = [Custody("plc-gateway-1", Stream.FACTS, epoch, seq) for seq in (1, 2)]
    extra = [Custody("plc-gateway-1", Stream.FACTS, epoch, seq) for seq in (1, 9)]
    other = [Custody("plc-gateway-1", Stream.FACTS, str(UUID(int=5)), 1)]
    sample = [Custody("plc-gateway-1", Stream.SAMPLES, epoch, 1)]
    for wrong in (beyond, extra, other, sample):
        box.receive([make.receipt("plc-gateway-1", wrong)])
        assert seqs(box) == [1]


def test_a_full_outbox_gives_up_the_oldest_samples_first_and_covers_them_with_one_record(make: Any) -> None:
    box = outbox(capacity=MB)
    box.add(make.part())
    box.add(make.image(Verdict.PASS, 10_000))
    for _ in range(200):
        box.add(make.scan(10_000))
    kept = seqs(box, Stream.SAMPLES)
    assert kept == list(range(kept[0], 201))
    (lost,) = covered(box)
    assert (lost.lost_stream, str(lost.lost_epoch), lost.first, lost.last) == (
        Stream.SAMPLES, rows(box)[0].epoch, 1, kept[0] - 1,
    )  # fmt: skip
    assert seqs(box, Stream.EVIDENCE) == [1]
    assert sum(pending.bytes for pending in box.pending().values()) <= MB


def test_a_lost_record_that_was_already_claimed_is_not_changed_any_more(make: Any) -> None:
    box = outbox(capacity=MB)
    for _ in range(100):
        box.add(make.scan(10_000))
    claimed = covered(box)
    assert box.claim(Stream.FACTS, 10, MB)
    for _ in range(20):
        box.add(make.scan(10_000))
    first, second = covered(box)
    assert [first] == claimed
    assert second.first == first.last + 1
    assert second.last == seqs(box, Stream.SAMPLES)[0] - 1


def test_images_of_passed_parts_go_next_and_nothing_else_ever(make: Any) -> None:
    box = outbox(capacity=MB)
    box.add(make.scan(10_000))
    for verdict in (Verdict.PASS, Verdict.FAIL, Verdict.INVALID) * 100:
        try:
            box.add(make.image(verdict, 10_000))
        except OutboxFull as full:
            refused = str(full)
            break
    kept = [decode(row.packet) for row in rows(box, Stream.EVIDENCE)]
    assert {message.verdict for message in kept if isinstance(message, Evidence)} == {Verdict.FAIL, Verdict.INVALID}
    assert seqs(box, Stream.SAMPLES) == []
    assert "the outbox is full" in refused
    given_up = sum(lost.last - lost.first + 1 for lost in covered(box) if lost.lost_stream is Stream.EVIDENCE)
    issued = max(seqs(box, Stream.EVIDENCE))
    assert len(kept) + given_up == issued


def test_facts_still_have_room_when_images_have_none_and_a_refused_record_leaves_no_trace(make: Any) -> None:
    box = outbox(capacity=MB)
    with pytest.raises(OutboxFull):
        for _ in range(1000):
            box.add(make.image(Verdict.FAIL, 10_000))
    before = seqs(box, Stream.EVIDENCE)
    box.add(make.part())
    with pytest.raises(OutboxFull):
        box.add(make.image(Verdict.FAIL, 10_000))
    assert seqs(box, Stream.EVIDENCE) == before
    with pytest.raises(OutboxFull, match="facts may fill it to"):
        for _ in range(10_000):
            box.add(make.part())
    facts = seqs(box)
    assert facts == list(range(1, len(facts) + 1))


def test_the_alarm_is_raised_once_an_episode_and_cleared_when_there_is_room(make: Any) -> None:
    box = outbox(capacity=MB)
    for _ in range(150):
        box.add(make.scan(10_000))
        box.tend()
    (raised,) = alarms(box)
    assert (raised.active, raised.code, raised.source, raised.subject) == (
        True, FULL_ALARM, "plc-gateway-1", "plc-gateway-1",
    )  # fmt: skip
    box.receive([make.receipt("plc-gateway-1", custodies(box, Stream.SAMPLES))])
    lowest = seqs(box, Stream.SAMPLES)
    epoch = rows(box)[0].epoch
    all_samples = [Custody("plc-gateway-1", Stream.SAMPLES, epoch, seq) for seq in range(1, 151)]
    box.receive([make.receipt("plc-gateway-1", all_samples)])
    box.tend()
    box.tend()
    assert lowest == []
    assert [(alarm.active, alarm.alarm_id) for alarm in alarms(box)] == [
        (True, raised.alarm_id), (False, raised.alarm_id),
    ]  # fmt: skip


def test_an_alarm_of_the_last_run_is_cleared_by_this_one(make: Any, new_journal: Callable[[str], Journal]) -> None:
    journal = new_journal("j")
    box = outbox(journal, MB)
    for _ in range(150):
        box.add(make.scan(10_000))
    box.tend()
    journal.close()
    again = outbox(new_journal("j"), 100 * MB)
    again.tend()
    assert [alarm.active for alarm in alarms(again)] == [True, False]


def test_a_record_that_can_never_be_sent_is_replaced_by_the_record_of_its_loss(make: Any) -> None:
    box = outbox()
    box.add(make.part())
    box.add(make.image())
    row = box.claim(Stream.EVIDENCE, 1, MB)[0]
    box.give_up(row, "too large")
    box.give_up(row, "too large")
    assert seqs(box, Stream.EVIDENCE) == []
    (lost,) = covered(box)
    assert (lost.lost_stream, lost.first, lost.last, lost.reason) == (Stream.EVIDENCE, 1, 1, "too large")
    assert box.pending()[Stream.EVIDENCE].bytes == 0
