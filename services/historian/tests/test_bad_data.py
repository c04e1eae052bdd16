"""What cannot be stored is set aside byte for byte; everything around it is stored, and nothing blocks."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import psycopg
import pytest

from jidoka.historian.attempts import Attempts
from jidoka.historian.dead_letter_command import replay
from jidoka.historian.line import Retention
from jidoka.historian.sqlstate import Refused
from jidoka.historian.store import Store
from jidoka.runtime.batch import delivery
from jidoka.runtime.errors import TransientError
from jidoka.runtime.link import Incoming
from jidoka.schemas import Custody, Lost, Packet, Ruling, Stream

NOISE = bytes(range(256)) * 4


def undecodable(custody: Custody | None, topic: str = "jidoka/v1/demo/line1/parts/AOI1", payload: bytes = NOISE) -> Any:
    properties = [("schema", "PartArrived/1")]
    if custody:
        properties += [("source", custody.source), ("stream", custody.stream.value)]
        properties += [("epoch", custody.epoch), ("seq", str(custody.seq))]
    return delivery(Incoming(Packet(topic, payload, None, tuple(properties)), qos=1))


def test_noise_is_kept_byte_for_byte_and_counts_as_committed(record: Any, source: Any, make: Any) -> None:
    batch = [*source.send(make.scan()), undecodable(source.custody()), *source.send(make.part())]
    record.write(batch)
    assert record.one("SELECT kind, payload, source, seq, stream FROM record.dead_letters") == (
        "schema", NOISE, "plc-gateway-1", 1, "facts",
    )  # fmt: skip
    assert record.one("SELECT count(*) FROM parts") == 1
    (receipt,) = record.writer.receipts.of(["plc-gateway-1"], make.now)
    assert {mark.stream: mark.upto for mark in receipt.watermarks} == {Stream.SAMPLES: 1, Stream.FACTS: 2}


def test_the_same_noise_without_custody_is_one_row_with_a_count(record: Any) -> None:
    for _ in range(3):
        record.write([undecodable(None)])
    assert record.one("SELECT times, payload_bytes FROM dead_letters") == (3, len(NOISE))


def test_a_record_without_custody_or_with_an_impossible_source_is_set_aside(
    record: Any, source: Any, make: Any
) -> None:
    nobody = source.deliver(make.part(), None)
    odd = source.deliver(make.part(), Custody("no such/name", Stream.FACTS, source.epoch, 1))
    (done,) = record.write([nobody, odd])
    assert record.one("SELECT count(*) FROM dead_letters WHERE kind = 'custody'") == 2
    assert done.claim.after == {}


def test_one_row_that_postgresql_refuses_does_not_take_the_batch_with_it(record: Any, source: Any, make: Any) -> None:
    with record.database.transaction() as cursor:
        cursor.execute("ALTER TABLE record.parts ADD CONSTRAINT odd CHECK (serial <> 'bad')")
    parts = [make.part(serial="bad" if number == 5 else f"S{number}") for number in range(9)]
    record.write(source.send(*parts, make.scan()))
    assert record.one("SELECT count(*) FROM parts") == 8
    assert record.one("SELECT count(*) FROM tag_samples") == 1
    assert record.one("SELECT kind, sqlstate FROM dead_letters") == ("data", "23514")
    assert record.rows("SELECT * FROM custody_gaps") == []


def test_an_identity_with_other_content_is_set_aside(record: Any, source: Any, make: Any) -> None:
    custody = source.custody()
    record.write([source.deliver(make.part(serial="true"), custody)])
    record.write([source.deliver(make.part(serial="forged"), custody)])
    assert record.rows("SELECT serial FROM parts") == [("true",)]
    assert record.one("SELECT kind FROM dead_letters") == "conflict"


def test_a_second_decision_does_not_change_the_first(record: Any, source: Any, make: Any) -> None:
    part = make.part()
    record.write(source.send(part, make.decision(part, Ruling.REJECT), make.decision(part, Ruling.ACCEPT)))
    assert record.one("SELECT result FROM parts") == "fail"
    assert record.one("SELECT kind FROM dead_letters") == "conflict"


def test_a_damaged_image_is_set_aside(record: Any, source: Any, other: Any, make: Any) -> None:
    seen = make.inspection(make.part(), "open")
    record.write(other.send(make.evidence(seen, image=b"half", sha256="0" * 64)))
    assert record.one("SELECT count(*) FROM images") == 0
    assert record.one("SELECT payload FROM record.dead_letters") == b"half"


def test_lost_records_close_the_gap_and_only_their_own_source_may_say_so(
    record: Any, source: Any, other: Any, make: Any
) -> None:
    first, *_, last = source.send(*(make.scan() for _ in range(10)))
    lost = Lost(
        source="plc-gateway-1", lost_stream=Stream.SAMPLES, lost_epoch=UUID(source.epoch), first=2, last=9,
        reason="outbox full", at=make.now,
    )  # fmt: skip
    record.write([first, last, *other.send(lost)])
    assert record.one("SELECT missing FROM custody_gaps") == 8
    record.write(source.send(lost))
    assert record.rows("SELECT * FROM custody_gaps") == []
    assert record.one("SELECT records, reason FROM lost_records") == (8, "outbox full")
    assert record.one("SELECT kind FROM dead_letters") == "custody"


def test_a_lost_table_stops_the_historian_and_dead_letters_nothing(record: Any, source: Any, make: Any) -> None:
    with record.database.transaction() as cursor:
        cursor.execute("ALTER TABLE record.parts RENAME TO parts_away")
    batch = source.send(make.part(), make.scan())
    with pytest.raises(Refused, match="42P01"):
        record.write(batch)
    with record.database.transaction() as cursor:
        cursor.execute("ALTER TABLE record.parts_away RENAME TO parts")
    assert record.one("SELECT count(*) FROM dead_letters") == 0
    record.write(batch)
    assert record.one("SELECT count(*) FROM parts") == 1


def test_a_connection_that_dies_in_the_middle_costs_nothing(record: Any, source: Any, make: Any) -> None:
    batch = source.send(make.scan(), make.part())
    pid = record.one("SELECT pg_backend_pid()")
    with psycopg.connect(record.url, autocommit=True) as admin:
        admin.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))
    with pytest.raises(TransientError):
        record.write(batch)
    record.write(batch)
    assert record.one("SELECT count(*) FROM tag_samples") == 1
    assert record.one("SELECT count(*) FROM parts") == 1


def test_a_connection_that_cannot_leave_its_pipeline_is_left(record: Any, source: Any, make: Any) -> None:
    batch = source.send(make.scan(), make.part())
    record.database.connection.pgconn.enter_pipeline_mode()
    with pytest.raises(TransientError):
        record.write(batch)
    record.write(batch)
    assert record.one("SELECT count(*) FROM tag_samples") == 1
    assert record.one("SELECT count(*) FROM parts") == 1


class Killed(BaseException):
    """Stands for the process that dies."""


def dies_over(record: Any, serial: str) -> Callable[[], None]:
    """Makes the next starts of the historian die while they write the part with that serial."""
    known = Store.write

    def write(self: Store, cursor: Any, facts: Any) -> Any:
        if any(getattr(fact.message, "serial", None) == serial for fact in facts):
            raise Killed
        return known(self, cursor, facts)

    record.writer._store.write = write.__get__(record.writer._store)
    return lambda: dies_over(record, serial) and None


def test_a_message_that_kills_the_process_is_set_aside_and_its_neighbours_are_stored(
    record: Any, source: Any, make: Any
) -> None:
    batch = source.send(*(make.part(serial=f"S{number}") for number in range(20)))
    for _ in range(3):
        dies_over(record, "S7")
        with pytest.raises(Killed):
            record.write(batch)
        record.restart()
    dies_over(record, "S7")
    record.write(batch)
    assert record.one("SELECT count(*) FROM parts") == 19
    assert record.one("SELECT kind, seq FROM dead_letters") == ("bug", 8)


def test_an_outage_is_no_death(record: Any, source: Any, make: Any) -> None:
    batch = source.send(make.part())
    attempts = Attempts(record.folder)
    for _ in range(5):
        with pytest.raises(TransientError), attempts.on(batch):
            raise TransientError("database away")
        attempts = Attempts(record.folder)
    assert attempts.deaths(batch[0]) == 0


def test_a_dead_letter_can_be_replayed_once_its_cause_is_gone(record: Any, source: Any, make: Any) -> None:
    with record.database.transaction() as cursor:
        cursor.execute("ALTER TABLE record.parts ADD CONSTRAINT odd CHECK (serial <> 'bad')")
    record.write(source.send(make.part(serial="bad")))
    letter = record.one("SELECT id FROM dead_letters")
    with record.database.transaction() as cursor:
        cursor.execute("ALTER TABLE record.parts DROP CONSTRAINT odd")
    with record.database.transaction() as cursor:
        assert replay(cursor, Store(Retention().keep()), letter) is None
    assert record.one("SELECT serial FROM parts") == "bad"
    assert record.one("SELECT resolution FROM dead_letters") == "replayed"


def test_a_dead_letter_that_still_is_bad_stays_open(record: Any) -> None:
    record.write([undecodable(None)])
    letter = record.one("SELECT id FROM dead_letters")
    with record.database.transaction() as cursor:
        assert "PartArrived" in str(replay(cursor, Store(Retention().keep()), letter))
    assert record.one("SELECT resolved_at FROM dead_letters") is None
