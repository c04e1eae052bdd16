"""A publisher of records as a process of its own: what it published is in a table of its journal, in one transaction
with the records, so that the truth is known whatever kills it.

`python record_publisher.py ROLE FOLDER BROKER_PORT PARTS PARTS_PER_SECOND`; ROLE is gateway or inspector. Started
again, it goes on with the part that it had not published.
"""

import hashlib
import sys
import time
import uuid
from datetime import UTC, datetime
from pathlib import Path

from jidoka.runtime.bus import Bus
from jidoka.runtime.journal import Journal
from jidoka.runtime.settings import MqttSettings
from jidoka.schemas import (
    AlarmCondition,
    Box,
    CameraVerdict,
    Decision,
    Defect,
    Evidence,
    Inspection,
    Message,
    ModelRef,
    PartArrived,
    Reason,
    Ruling,
    Scope,
    Severity,
    TagBatch,
    Timings,
    Verdict,
    new_id,
)

SCOPE = Scope("demo", "line1")
STATION, PLC, TAGS = "AOI1", "plc1", 10
LATE_S = 5.0
SHA = "ab" * 32
SPACE = uuid.UUID("6f6e6520-6c69-6e65-206f-662070617274")


def main() -> None:
    """Publishes until all parts are published and receipted."""
    role, folder, port, parts, rate = sys.argv[1], Path(sys.argv[2]), *map(int, sys.argv[3:6])
    journal = Journal(folder / f"{role}.sqlite")
    with journal.transaction() as db:
        db.execute("CREATE TABLE IF NOT EXISTS truth (part INTEGER, kind TEXT, records INTEGER, total REAL)")
        (done,) = db.execute("SELECT coalesce(max(part), 0) FROM truth").fetchone()
    mqtt = MqttSettings(host="127.0.0.1", port=port)
    with Bus(mqtt, SCOPE, role, f"{role}-1", "0", journal) as bus:
        started = time.monotonic() - done / rate
        for number in range(done + 1, parts + 1):
            started = max(started, time.monotonic() - number / rate - LATE_S)  # after a sleep of the machine
            time.sleep(max(0.0, started + number / rate - time.monotonic()))
            _publish(bus, journal, number, _of_gateway(number) if role == "gateway" else _of_inspector(number))
        while any(waiting.records for waiting in bus.outbox.pending().values()):
            time.sleep(0.1)
        (folder / f"{role}.done").touch()
        time.sleep(3600)  # the test ends it


def _publish(bus: Bus, journal: Journal, number: int, messages: list[tuple[Message, float]]) -> None:
    with journal.transaction() as db:
        for message, value in messages:
            bus.publish(message)
            db.execute("INSERT INTO truth VALUES (?, ?, 1, ?)", (number, type(message).__name__, value))


def part_id(number: int) -> uuid.UUID:
    """The same for both publishers."""
    return uuid.uuid5(SPACE, str(number))


def _of_gateway(number: int) -> list[tuple[Message, float]]:
    now = datetime.now(UTC)
    part = PartArrived(
        part_id=part_id(number), station=STATION, plc=PLC, counter=number, arrived_at=now, deadline_ms=4000.0,
        serial=f"S{number}", cycle_time_ms=float(number),
    )  # fmt: skip
    said = CameraVerdict(camera="top", inspection_id=uuid.uuid5(SPACE, f"i{number}"), verdict=Verdict.PASS)
    decision = Decision(
        part_id=part.part_id, station=STATION, plc=PLC, counter=number, ruling=Ruling.ACCEPT, reason=Reason.PASSED,
        inspections=(said,), confirmed=True, arrived_at=now, decided_at=now, latency_ms=float(number % 90),
        config_sha256=SHA,
    )  # fmt: skip
    values = [{f"Tag{tag}": float(number * 2 + scan + tag) for tag in range(TAGS)} for scan in range(2)]
    scans = [
        TagBatch(plc=PLC, group="process", at=now, scan_no=number * 2 + scan, values=dict(values[scan]))
        for scan in range(2)
    ]
    messages: list[tuple[Message, float]] = [(part, float(number)), (decision, decision.latency_ms)]
    messages += [(scan, sum(float(value) for value in scan.values.values())) for scan in scans]
    if number % 25 == 0:
        alarm = AlarmCondition(
            alarm_id=uuid.uuid5(SPACE, f"a{number // 50}"), source="gateway-1", code="hot", subject=PLC,
            active=number % 50 != 0, severity=Severity.HIGH, message="91.2", at=now,
        )  # fmt: skip
        messages.append((alarm, 1.0))
    return messages


def _of_inspector(number: int) -> list[tuple[Message, float]]:
    now = datetime.now(UTC)
    box = Box(x=1.0, y=2.0, width=3.0, height=4.0)
    found = tuple(Defect(defect_id=new_id(), defect_class="open", confidence=0.9, box=box) for _ in range(number % 5))
    inspection = Inspection(
        inspection_id=uuid.uuid5(SPACE, f"i{number}"), frame_id=uuid.uuid5(SPACE, f"f{number}"),
        part_id=part_id(number), station=STATION, camera="top", captured_at=now,
        verdict=Verdict.FAIL if found else Verdict.PASS, quality_score=0.5, defects=found,
        model=ModelRef(name="m", version="1", sha256=SHA), config_sha256=SHA, width=8, height=8,
        inspected_at=now, timings=Timings(queue=1.0, decode=1.0, prepare=1.0, model=float(number % 70), finish=1.0),
    )  # fmt: skip
    picture = number.to_bytes(4, "big") * 1000
    evidence = Evidence(
        frame_id=inspection.frame_id, inspection_id=inspection.inspection_id, part_id=inspection.part_id,
        station=STATION, camera="top", verdict=inspection.verdict, captured_at=now, width=8, height=8,
        sha256=hashlib.sha256(picture).hexdigest(), image=picture,
    )  # fmt: skip
    return [(inspection, float(len(found))), (evidence, float(number))]


if __name__ == "__main__":
    main()
