"""All message classes of the line."""

from jidoka.schemas.alarms import AlarmCondition, AlarmState
from jidoka.schemas.custody import Lost, Receipt
from jidoka.schemas.decisions import Decision
from jidoka.schemas.line import PartArrived, PartsMissed, TagBatch
from jidoka.schemas.message import Carriage, Message
from jidoka.schemas.people import (
    AcknowledgeAlarm,
    ActionOutcome,
    KeepPart,
    RecordDisposition,
    ShelveAlarm,
    UndoDisposition,
    UnshelveAlarm,
)
from jidoka.schemas.status import DeviceStatus, ServiceStatus
from jidoka.schemas.vision import CaptureFailed, Evidence, Frame, Inspection, LiveFrame

MESSAGES: tuple[type[Message], ...] = (
    TagBatch,
    PartArrived,
    PartsMissed,
    Frame,
    LiveFrame,
    CaptureFailed,
    Inspection,
    Evidence,
    Decision,
    AlarmCondition,
    AlarmState,
    AcknowledgeAlarm,
    ShelveAlarm,
    UnshelveAlarm,
    RecordDisposition,
    UndoDisposition,
    KeepPart,
    ActionOutcome,
    DeviceStatus,
    ServiceStatus,
    Receipt,
    Lost,
)

RECORDS: tuple[type[Message], ...] = tuple(cls for cls in MESSAGES if cls.carriage is Carriage.RECORD)
BY_SCHEMA: dict[str, type[Message]] = {cls.schema_id(): cls for cls in MESSAGES}
BY_KIND: dict[str, type[Message]] = {cls.topic.split("/{")[0]: cls for cls in MESSAGES}
