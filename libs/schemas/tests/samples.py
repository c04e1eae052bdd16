"""One golden sample of every message class. Run as a program, it writes `samples/` anew."""

import hashlib
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from jidoka.schemas import (
    AcknowledgeAlarm,
    ActionOutcome,
    AlarmCondition,
    AlarmState,
    AlarmStatus,
    Box,
    CameraVerdict,
    CaptureFailed,
    Carriage,
    Custody,
    Decision,
    Defect,
    DeviceKind,
    DeviceStatus,
    Disposition,
    Evidence,
    Frame,
    Inspection,
    KeepPart,
    LiveFrame,
    Lost,
    Message,
    ModelRef,
    Packet,
    PartArrived,
    PartsMissed,
    Reason,
    Receipt,
    RecordDisposition,
    Ruling,
    Scope,
    ServiceStatus,
    Severity,
    ShelveAlarm,
    Stream,
    TagBatch,
    Timings,
    UndoDisposition,
    UnshelveAlarm,
    Verdict,
    Watermark,
    encode,
)

FOLDER = Path(__file__).parent / "samples"
SCOPE = Scope("demo", "line1")
AT = datetime(2026, 11, 23, 8, 30, 0, 125000, UTC)
JPEG = b"\xff\xd8\xff\xe0 sample \xff\xd9"
SHA = hashlib.sha256(JPEG).hexdigest()


def _id(number: int) -> UUID:
    return UUID(int=0x018F_0000_0000_7000_8000_0000_0000_0000 + number)


_WHO = {"action_id": _id(40), "actor": "maria", "at": AT, "comment": "seen at the gate"}

SAMPLES: tuple[Message, ...] = (
    TagBatch(
        plc="plc1",
        group="critical",
        at=AT,
        scan_no=7,
        values={"Line.Running": True, "Line.State": 2, "Process.Temperature": 41.5, "Process.Recipe": "R7"},
        bad={"Process.Zone[3]": "path segment error"},
        uncertain={"Process.Temperature": "read in two parts"},
    ),
    PartArrived(
        part_id=_id(1),
        station="AOI1",
        plc="plc1",
        counter=1042,
        serial="SN-0001042",
        sku="BOARD-A",
        batch="B7",
        cycle_time_ms=1500.0,
        arrived_at=AT,
        deadline_ms=4000.0,
    ),
    PartsMissed(missed_id=_id(2), station="AOI1", plc="plc1", first=10, last=12, count=3, at=AT, reason="ring overrun"),
    Frame(
        frame_id=_id(3),
        station="AOI1",
        camera="top",
        part_id=_id(1),
        sku="BOARD-A",
        captured_at=AT,
        deadline_at=AT + timedelta(seconds=4),
        width=640,
        height=640,
        sha256=SHA,
        image=JPEG,
    ),
    LiveFrame(station="AOI1", camera="top", at=AT, width=320, height=320, image=JPEG),
    CaptureFailed(
        capture_id=_id(4), part_id=_id(1), station="AOI1", camera="top", at=AT, code="timeout", reason="no frame in 3 s"
    ),
    Inspection(
        inspection_id=_id(5),
        frame_id=_id(3),
        part_id=_id(1),
        station="AOI1",
        camera="top",
        verdict=Verdict.FAIL,
        reason="1 open",
        quality_score=0.09,
        defects=(
            Defect(
                defect_id=_id(6),
                defect_class="open",
                confidence=0.91,
                box=Box(x=10.5, y=20.0, width=30.0, height=31.25),
            ),
        ),
        model=ModelRef(name="pcb-defects", version="1", sha256=SHA),
        config_sha256=SHA,
        width=640,
        height=640,
        captured_at=AT,
        inspected_at=AT + timedelta(milliseconds=80),
        timings=Timings(queue=2.0, decode=3.0, prepare=1.0, model=60.0, finish=0.5),
    ),
    Evidence(
        frame_id=_id(3),
        inspection_id=_id(5),
        part_id=_id(1),
        station="AOI1",
        camera="top",
        verdict=Verdict.FAIL,
        captured_at=AT,
        width=640,
        height=640,
        sha256=SHA,
        image=JPEG,
    ),
    Decision(
        part_id=_id(1),
        station="AOI1",
        plc="plc1",
        counter=1042,
        ruling=Ruling.REJECT,
        reason=Reason.FAILED,
        inspections=(CameraVerdict(camera="top", inspection_id=_id(5), verdict=Verdict.FAIL),),
        confirmed=True,
        arrived_at=AT,
        decided_at=AT + timedelta(milliseconds=100),
        latency_ms=104.5,
        config_sha256=SHA,
    ),
    AlarmCondition(
        alarm_id=_id(7),
        source="plc-gateway-1",
        code="temperature-high",
        subject="plc1",
        active=True,
        severity=Severity.HIGH,
        message="Process.Temperature is 91.2, above 90",
        at=AT,
        context={"Process.Temperature": 91.2},
    ),
    AlarmState(
        alarm_id=_id(7),
        source="plc-gateway-1",
        code="temperature-high",
        subject="plc1",
        status=AlarmStatus.ACKNOWLEDGED,
        active=True,
        severity=Severity.HIGH,
        message="Process.Temperature is 91.2, above 90",
        raised_at=AT,
        acknowledged_by="maria",
        acknowledged_at=AT,
        changed_at=AT,
    ),
    AcknowledgeAlarm.model_validate({**_WHO, "alarm_id": _id(7)}),
    ShelveAlarm.model_validate({**_WHO, "alarm_id": _id(7), "until": AT + timedelta(hours=1)}),
    UnshelveAlarm.model_validate({**_WHO, "alarm_id": _id(7)}),
    RecordDisposition.model_validate(
        {
            **_WHO,
            "disposition_id": _id(41),
            "part_id": _id(1),
            "defect_id": _id(6),
            "disposition": Disposition.FALSE_CALL,
        }
    ),
    UndoDisposition.model_validate({**_WHO, "disposition_id": _id(41)}),
    KeepPart.model_validate({**_WHO, "part_id": _id(1)}),
    ActionOutcome(
        source="api-1", action_id=_id(40), applied=False, reason="already acknowledged", by="jan", first_at=AT, at=AT
    ),
    DeviceStatus(kind=DeviceKind.PLC, name="plc1", online=False, reason="no answer", source="plc-gateway-1", at=AT),
    ServiceStatus(service="historian", instance="historian-1", online=True, version="0.1.0", at=AT),
    Receipt(
        source="plc-gateway-1",
        watermarks=(Watermark(stream=Stream.FACTS, epoch=_id(50), upto=17, extras=(19, 20)),),
        at=AT,
    ),
    Lost(
        source="plc-gateway-1",
        lost_stream=Stream.SAMPLES,
        lost_epoch=_id(50),
        first=100,
        last=250,
        reason="the outbox is full",
        at=AT,
    ),
)


def packet(message: Message) -> Packet:
    """The packet of a sample, with custody where the class is a record."""
    custody = None
    if message.carriage is Carriage.RECORD and message.stream is not None:
        custody = Custody("sample-1", message.stream, str(_id(50)), 5)
    return encode(message, SCOPE, custody, traceparent="00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")


def text(message: Message) -> str:
    """What one sample file holds."""
    wire = packet(message)
    payload = {"payload_hex": wire.payload.hex()} if wire.content_type == "image/jpeg" else json.loads(wire.payload)
    fields = {"topic": wire.topic, "content_type": wire.content_type, "properties": dict(wire.properties)}
    return json.dumps({**fields, "payload": payload}, indent=2) + "\n"


if __name__ == "__main__":
    for sample in SAMPLES:
        (FOLDER / f"{type(sample).__name__}.json").write_text(text(sample))
