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


@pytest.fixture(scope="module")
def broker() -> Iterator[Mosquitto]:
    with mosquitto() as running:
        yield running


@contextmanager
def historian(broker: Mosquitto, url: str, folder: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    (folder / "line.toml").write_text('site = "demo"\nline = "line1"\n')
    settings = {"DATABASE_URL": url, "MQTT_PORT": str(broker.port), "DATA_DIR": str(folder), "HTTP_PORT": "0"}
    environment = os.environ | settings | {"LINE_FILE": str(folder / "line.toml")}
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


def pending(bus: Bus) -> int:
    assert bus.outbox is not None
    return sum(waiting.records for waiting in bus.outbox.pending().values())


def hear(bus: Bus, heard: list[Any]) -> set[type]:
    with bus.batch(up_to=10, within=0.2) as batch:
        heard += batch.messages
    return {type(one) for one in heard}
