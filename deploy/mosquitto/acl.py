"""Prints topics.acl: who may publish and read which message class, in mosquitto's words.

    python deploy/mosquitto/acl.py > deploy/mosquitto/topics.acl

A test keeps the file fresh. mosquitto grants every SUBSCRIBE and filters on delivery, so `read` is what is delivered; a
shared subscription needs no rule of its own there, on a broker that checks SUBSCRIBE it does.
"""

from dataclasses import dataclass

from jidoka.schemas import RECORDS, Message, Scope
from jidoka.schemas.alarms import AlarmCondition, AlarmState
from jidoka.schemas.custody import Lost, Receipt
from jidoka.schemas.decisions import Decision
from jidoka.schemas.line import PartArrived, PartsMissed, TagBatch
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

Classes = tuple[type[Message], ...]
SCOPE = Scope("+", "+")
KEEPER = "historian"


@dataclass(frozen=True, slots=True)
class Role:
    """One service: its log-in, how many copies it may have, and what it owns."""

    name: str
    copies: int
    writes: Classes
    reads: Classes
    device: str = "+"

    def instances(self) -> list[str]:
        """Names of its copies; they are the source of its records."""
        return [f"{self.name}-{number}" for number in range(1, self.copies + 1)]


ACTIONS = (AcknowledgeAlarm, ShelveAlarm, UnshelveAlarm, RecordDisposition, UndoDisposition, KeepPart)
LIVE = (
    TagBatch, PartArrived, Inspection, Decision, AlarmState, DeviceStatus, ServiceStatus, LiveFrame, ActionOutcome,
    Receipt,
)  # fmt: skip
LINE = (TagBatch, PartArrived, PartsMissed, Decision, DeviceStatus)
ROLES = (
    Role("plc-gateway", 2, LINE, (Inspection, CaptureFailed), "plc"),
    Role("vision-gateway", 2, (Frame, LiveFrame, CaptureFailed, DeviceStatus), (PartArrived,), "camera"),
    Role("inference", 8, (Inspection, Evidence), (Frame,)),
    Role("historian", 2, (Receipt, AlarmState, ActionOutcome), RECORDS),
    Role("api", 4, ACTIONS, LIVE),
)


def rules(role: Role) -> list[str]:
    """The role's lines."""
    written = [_topic(cls, role, instance) for cls in role.writes for instance in _sources(cls, role)]
    for instance in role.instances():
        written += [_topic(cls, role, instance) for cls in (AlarmCondition, ServiceStatus, Lost)]
        written.append(SCOPE.repeats(instance))
    read = [SCOPE.filter(cls) for cls in role.reads if cls is not ActionOutcome]
    for instance in role.instances():
        read.append(SCOPE.filter(Receipt, source=instance))
        read += [SCOPE.filter(cls, source=instance) for cls in role.reads if cls is ActionOutcome]
    read.append(SCOPE.repeats() if role.name == KEEPER else SCOPE.filter(ServiceStatus, service=KEEPER))
    if role.name == KEEPER:
        read.append(SCOPE.filter(ServiceStatus, service=KEEPER))
    return [f"topic {way} {topic}" for way, topics in (("write", written), ("read", read)) for topic in _once(topics)]


def _sources(cls: type[Message], role: Role) -> list[str]:
    return role.instances() if "source" in cls.places() and role.name != KEEPER else ["+"]


def _topic(cls: type[Message], role: Role, instance: str) -> str:
    own = {"source": instance, "service": role.name, "instance": instance, "kind": role.device}
    return SCOPE.filter(cls, **{place: own[place] for place in cls.places() if place in own})


def _once(topics: list[str]) -> list[str]:
    return list(dict.fromkeys(topics))


def document() -> str:
    """The whole file."""
    lines = ["# Written by acl.py from the message classes; see docs/messages.md."]
    for role in ROLES:
        lines += ["", f"user {role.name}", *rules(role)]
    lines += ["", "# Other plant systems: read everything, publish nothing."]
    lines += ["user plant", f"topic read {SCOPE.everything()}"]
    lines += ["", "# Our own exporter: the broker's figures.", "user exporter", "topic read $SYS/#"]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(document(), end="")
