"""The service as a process, between a real broker and a real database."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from jidoka.runtime.bus import Bus
from jidoka.runtime.journal import Journal
from jidoka.runtime.outbox import Outbox
from jidoka.runtime.testing import SCOPE, Mosquitto, mosquitto, until
from jidoka.schemas import ActionOutcome, AlarmCondition, AlarmState, Disposition, RecordDisposition, Severity, new_id


@pytest.fixture
def broker() -> Iterator[Mosquitto]:
    # each test's own: a kept session would bring what is queued for the historian of another database
    with mosquitto() as running:
        yield running


@contextmanager
def historian(
    broker: Mosquitto, url: str, folder: Path, *arguments: str, **more: str
) -> Iterator[subprocess.Popen[str]]:
    (folder / "line.toml").write_text('site = "demo"\nline = "line1"\n')
    settings = {"DATABASE_URL": url, "MQTT_PORT": str(broker.port), "DATA_DIR": str(folder), "HTTP_PORT": "0"}
    environment = os.environ | settings | {"LINE_FILE": str(folder / "line.toml")} | more
    command = [sys.executable, "-m", "jidoka.historian", *arguments]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def test_records_are_receipted_through_kill_and_restart(
    broker: Mosquitto, database_url: str, tmp_path: Path, make: Any
) -> None:
    with Bus(broker.settings, SCOPE, "plc-gateway", "plc-gateway-1", "0", Journal(tmp_path / "gateway.sqlite")) as bus:
        part = make.part()
        with historian(broker, database_url, tmp_path) as first:
            bus.publish(part)
            bus.publish(make.scan())
            until(lambda: pending(bus) == 0, 60, "the receipts")
            first.kill()
            first.wait()
        bus.publish(make.decision(part))
        with historian(broker, database_url, tmp_path) as second:
            until(lambda: pending(bus) == 0, 60, "the receipt after the restart")
            second.terminate()
            assert second.wait(20) == 0


def test_a_backlog_is_written_while_live_records_flow(
    broker: Mosquitto, database_url: str, tmp_path: Path, make: Any
) -> None:
    journal = Journal(tmp_path / "gateway.sqlite")
    earlier = Outbox(journal, SCOPE, "plc-gateway-2", 2**28)
    with journal.transaction():
        for _ in range(3000):
            earlier.add(make.part())
    with (
        Bus(broker.settings, SCOPE, "plc-gateway", "plc-gateway-2", "0", journal) as bus,
        historian(broker, database_url, tmp_path),
    ):
        for _ in range(200):
            bus.publish(make.part())
        until(lambda: pending(bus) == 0, 60, "the receipts of backlog and live records")
    with psycopg.connect(database_url) as reader:
        assert reader.execute("SELECT count(*), count(DISTINCT counter) FROM parts").fetchone() == (3200, 3200)
        assert reader.execute("SELECT count(*) FROM custody_gaps").fetchone() == (0,)


def test_an_alarm_state_and_an_answer_come_after_commit(
    broker: Mosquitto, database_url: str, tmp_path: Path, make: Any
) -> None:
    raised = AlarmCondition(
        alarm_id=new_id(), source="api-1", code="hot", subject="plc1", active=True, severity=Severity.HIGH,
        message="91.2", at=make.now,
    )  # fmt: skip
    judged = RecordDisposition(
        action_id=new_id(), actor="maria", at=make.now, disposition_id=new_id(), part_id=new_id(),
        disposition=Disposition.SCRAP,
    )  # fmt: skip
    heard: list[Any] = []
    with Bus(broker.settings, SCOPE, "api", "api-1", "0", Journal(tmp_path / "api.sqlite")) as bus:
        bus.subscribe(AlarmState, ActionOutcome)
        assert bus.settled(20)
        with historian(broker, database_url, tmp_path):
            bus.publish(raised)
            bus.publish(judged)
            until(lambda: hear(bus, heard) >= {AlarmState, ActionOutcome}, 60, "state and answer")
    answer = next(one for one in heard if isinstance(one, ActionOutcome))
    assert (answer.source, answer.action_id, answer.applied) == ("api-1", judged.action_id, False)


def test_a_wrong_setting_is_one_line_and_exit_2(broker: Mosquitto, tmp_path: Path) -> None:
    with historian(broker, "postgresql://[", tmp_path) as process:
        _, errors = process.communicate(timeout=30)
    assert process.returncode == 2
    assert errors.strip().splitlines()[-1].startswith("configuration: DATABASE_URL")


def test_a_lost_permission_stops_it_with_an_alarm_and_sets_nothing_aside(
    broker: Mosquitto, database_url: str, tmp_path: Path, make: Any
) -> None:
    login = database_url.replace("postgres@", "writer@")
    with psycopg.connect(database_url, autocommit=True) as admin:
        admin.execute(
            "DO $$ BEGIN CREATE ROLE writer LOGIN SUPERUSER; EXCEPTION WHEN duplicate_object THEN NULL; END $$"
        )
        admin.execute("ALTER ROLE writer SUPERUSER")
        admin.execute("GRANT ALL ON ALL TABLES IN SCHEMA record TO writer; GRANT USAGE ON SCHEMA record TO writer")
        admin.execute("GRANT ALL ON ALL TABLES IN SCHEMA public TO writer; GRANT USAGE ON SCHEMA public TO writer")
        admin.execute("GRANT jidoka_auth TO writer")
        heard: list[Any] = []
        with Bus(broker.settings, SCOPE, "plc-gateway", "plc-gateway-3", "0", Journal(tmp_path / "3.sqlite")) as bus:
            bus.subscribe(AlarmCondition)
            assert bus.settled(20)
            with historian(broker, login, tmp_path) as process:
                bus.publish(make.part())
                until(lambda: pending(bus) == 0, 60, "the first receipt")
                admin.execute("ALTER ROLE writer NOSUPERUSER; REVOKE INSERT ON record.parts FROM writer")
                bus.publish(make.part())
                assert process.wait(60) not in (0, 2)
            until(lambda: hear(bus, heard) and any(one.code == "database_refuses" for one in heard), 30, "the alarm")
            assert pending(bus) == 1
            admin.execute("ALTER ROLE writer SUPERUSER")
            with historian(broker, login, tmp_path):
                until(lambda: pending(bus) == 0, 60, "the receipt once the permission is back")
        assert admin.execute("SELECT count(*) FROM parts").fetchone() == (2,)
        assert admin.execute("SELECT count(*) FROM dead_letters").fetchone() == (0,)
        assert admin.execute("SELECT count(*) FROM alarms WHERE code = 'database_refuses'").fetchone() == (1,)


def test_a_standby_takes_over_and_nothing_is_lost_or_doubled(
    broker: Mosquitto, database_url: str, tmp_path: Path, make: Any
) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    with (
        Bus(broker.settings, SCOPE, "plc-gateway", "plc-gateway-4", "0", Journal(tmp_path / "4.sqlite")) as bus,
        historian(broker, database_url, tmp_path / "a") as first,
    ):
        bus.publish(make.part())
        until(lambda: pending(bus) == 0, 60, "the receipt of the first")
        with historian(broker, database_url, tmp_path / "b", INSTANCE="historian-2") as second:
            for _ in range(50):
                bus.publish(make.part())
            first.kill()
            first.wait()
            for _ in range(50):
                bus.publish(make.part())
            until(lambda: pending(bus) == 0, 60, "the receipts of the standby")
            assert second.poll() is None
    with psycopg.connect(database_url) as reader:
        assert reader.execute("SELECT count(*), count(DISTINCT counter) FROM parts").fetchone() == (101, 101)
        assert reader.execute("SELECT count(*) FROM custody_gaps").fetchone() == (0,)


def test_what_a_broker_dropped_for_a_full_queue_or_for_want_of_a_subscriber_is_there_in_the_end(
    database_url: str, tmp_path: Path, make: Any
) -> None:
    with (
        mosquitto("max_queued_messages 10\n") as narrow,
        Bus(narrow.settings, SCOPE, "plc-gateway", "plc-gateway-5", "0", Journal(tmp_path / "5.sqlite")) as bus,
    ):
        for _ in range(20):
            bus.publish(make.part())  # nobody has ever subscribed
        assert bus.outbox
        until(lambda: not bus.outbox.unclaimed(), 20, "the first parts on their way")
        with historian(narrow, database_url, tmp_path) as first:
            until(lambda: pending(bus) == 0, 60, "the receipts of what came before anybody subscribed")
            first.kill()
            first.wait()
        for _ in range(200):
            bus.publish(make.part())
        until(lambda: not bus.outbox.unclaimed(), 20, "the other parts on their way")
        with historian(narrow, database_url, tmp_path):
            until(lambda: pending(bus) == 0, 60, "the receipts of what the broker's queue had no room for")
    with psycopg.connect(database_url) as reader:
        assert reader.execute("SELECT count(*), count(DISTINCT counter) FROM parts").fetchone() == (220, 220)
        assert reader.execute("SELECT count(*) FROM custody_gaps").fetchone() == (0,)


def test_dead_letters_are_listed_shown_replayed_and_dismissed_by_a_command(
    broker: Mosquitto, database_url: str, tmp_path: Path, open_record: Any, source: Any, make: Any
) -> None:
    record = open_record(database_url)
    with record.database.transaction() as cursor:
        cursor.execute("ALTER TABLE record.parts ADD CONSTRAINT odd CHECK (serial NOT LIKE 'bad%')")
    record.write(source.send(make.part(serial="bad 1"), make.part(serial="bad 2"), make.part(serial="good")))
    with record.database.transaction() as cursor:
        cursor.execute("ALTER TABLE record.parts DROP CONSTRAINT odd")

    def command(*arguments: str) -> str:
        with historian(broker, database_url, tmp_path, "dead-letters", *arguments) as process:
            said, errors = process.communicate(timeout=30)
        assert process.returncode == 0, errors
        return said

    first, second = [line.split("\t") for line in command("list").splitlines()]
    assert first[3:5] == ["data", "jidoka/v1/demo/line1/parts/AOI1"]
    assert '"serial":"bad 1"' in command("show", first[0])
    assert command("replay", first[0]) == f"{first[0]}: replayed\n"
    assert command("dismiss", second[0], "made", "by", "a", "test") == f"{second[0]}: dismissed\n"
    assert command("list") == ""
    assert record.rows("SELECT serial FROM parts ORDER BY serial") == [("bad 1",), ("good",)]
    assert record.rows("SELECT resolution FROM dead_letters ORDER BY id") == [
        ("replayed",), ("dismissed: made by a test",),
    ]  # fmt: skip


def pending(bus: Bus) -> int:
    assert bus.outbox is not None
    return sum(waiting.records for waiting in bus.outbox.pending().values())


def hear(bus: Bus, heard: list[Any]) -> set[type]:
    with bus.batch(up_to=10, within=0.2) as batch:
        heard += batch.messages
    return {type(one) for one in heard}
