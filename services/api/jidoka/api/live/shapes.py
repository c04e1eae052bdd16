"""Messages of the bus in the shapes of the REST answers."""

from typing import Any

from jidoka.api.models.alarms import Alarm
from jidoka.api.models.inspections import BoundingBox, FoundDefect, Inspection
from jidoka.api.models.line import Device, Service
from jidoka.api.models.parts import CameraVerdict, Decision, Part
from jidoka.schemas import (
    RESULT_OF,
    AlarmState,
    DeviceStatus,
    PartArrived,
    ServiceStatus,
    TagBatch,
)
from jidoka.schemas import Decision as DecisionMessage
from jidoka.schemas import Inspection as InspectionMessage

Json = dict[str, Any]


def arrived(message: PartArrived) -> Json:
    """A part that nobody has decided yet."""
    return Part(
        id=message.part_id,
        created_at=message.arrived_at,
        **message.model_dump(
            include={
                "station", "plc", "counter", "serial", "sku", "batch", "cycle_time_ms", "deadline_ms", "replayed",
            }
        ),
    ).model_dump(mode="json")  # fmt: skip


def decided(message: DecisionMessage) -> Json:
    """The part of a decision, with what the decision knows of it."""
    return Part(
        id=message.part_id,
        created_at=message.arrived_at,
        result=RESULT_OF[message.ruling],
        **message.model_dump(
            include={
                "station", "plc", "counter", "ruling", "reason", "detail", "confirmed", "bypassed", "latency_ms",
                "decided_at",
            }
        ),
    ).model_dump(mode="json")  # fmt: skip


def decision(message: DecisionMessage) -> Json:
    """A decision."""
    verdicts = [
        CameraVerdict(camera=one.camera, inspection_id=one.inspection_id, verdict=one.verdict)
        for one in message.inspections
    ]
    fields = message.model_dump(exclude={"inspections", "absent"})
    return Decision(
        **fields, result=RESULT_OF[message.ruling], inspections=verdicts, absent=list(message.absent)
    ).model_dump(mode="json")


def inspection(message: InspectionMessage) -> Json:
    """An inspection with its defects."""
    defects = [
        FoundDefect(
            id=one.defect_id,
            defect_class=one.defect_class,
            confidence=one.confidence,
            bounding_box=BoundingBox(**one.box.model_dump()),
        )
        for one in message.defects
    ]
    timings = {f"{name}_ms": value for name, value in message.timings.model_dump().items()}
    fields = message.model_dump(exclude={"defects", "model", "timings", "inspection_id"})
    return Inspection(
        **fields,
        **timings,
        id=message.inspection_id,
        defects=defects,
        defect_count=len(defects),
        model=message.model.name,
        model_version=message.model.version,
        model_sha256=message.model.sha256,
    ).model_dump(mode="json")


def alarm(message: AlarmState) -> Json:
    """An alarm."""
    fields = message.model_dump(exclude={"alarm_id", "raised_at"})
    return Alarm(**fields, id=message.alarm_id, created_at=message.raised_at).model_dump(mode="json")


def device(message: DeviceStatus) -> Json:
    """A device."""
    return Device(**message.model_dump()).model_dump(mode="json")


def service(message: ServiceStatus) -> Json:
    """A service."""
    return Service(**message.model_dump()).model_dump(mode="json")


def scan(message: TagBatch) -> Json:
    """One scan of one group."""
    return message.model_dump(mode="json", include={"plc", "group", "at", "values", "bad", "uncertain"})
