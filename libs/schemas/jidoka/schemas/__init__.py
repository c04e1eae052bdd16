"""The language of the line: message classes, their topics, and the codec."""

from jidoka.schemas.alarms import AlarmCondition, AlarmState, AlarmStatus, Severity
from jidoka.schemas.catalogue import MESSAGES, RECORDS
from jidoka.schemas.codec import Packet, custody_of, decode, encode
from jidoka.schemas.custody import Custody, Lost, Receipt, Watermark
from jidoka.schemas.decisions import RESULT_OF, CameraVerdict, Decision, PartResult, Reason, Ruling
from jidoka.schemas.errors import SchemaError
from jidoka.schemas.ids import derived_id, new_id
from jidoka.schemas.line import PartArrived, PartsMissed, TagBatch
from jidoka.schemas.message import Carriage, ImageMessage, Message, Stream
from jidoka.schemas.people import (
    AcknowledgeAlarm,
    Action,
    ActionOutcome,
    Disposition,
    KeepPart,
    RecordDisposition,
    ShelveAlarm,
    UndoDisposition,
    UnshelveAlarm,
)
from jidoka.schemas.scope import Scope, matches
from jidoka.schemas.status import DeviceKind, DeviceStatus, ServiceStatus
from jidoka.schemas.types import Scalar
from jidoka.schemas.vision import (
    Box,
    CaptureFailed,
    Defect,
    Evidence,
    Frame,
    Inspection,
    LiveFrame,
    ModelRef,
    Role,
    Timings,
    Verdict,
)

__all__ = [
    "MESSAGES",
    "RECORDS",
    "RESULT_OF",
    "AcknowledgeAlarm",
    "Action",
    "ActionOutcome",
    "AlarmCondition",
    "AlarmState",
    "AlarmStatus",
    "Box",
    "CameraVerdict",
    "CaptureFailed",
    "Carriage",
    "Custody",
    "Decision",
    "Defect",
    "DeviceKind",
    "DeviceStatus",
    "Disposition",
    "Evidence",
    "Frame",
    "ImageMessage",
    "Inspection",
    "KeepPart",
    "LiveFrame",
    "Lost",
    "Message",
    "ModelRef",
    "Packet",
    "PartArrived",
    "PartResult",
    "PartsMissed",
    "Reason",
    "Receipt",
    "RecordDisposition",
    "Role",
    "Ruling",
    "Scalar",
    "SchemaError",
    "Scope",
    "ServiceStatus",
    "Severity",
    "ShelveAlarm",
    "Stream",
    "TagBatch",
    "Timings",
    "UndoDisposition",
    "UnshelveAlarm",
    "Verdict",
    "Watermark",
    "custody_of",
    "decode",
    "derived_id",
    "encode",
    "matches",
    "new_id",
]
