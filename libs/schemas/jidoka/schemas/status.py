"""State that describes now: devices, services."""

from enum import StrEnum

from pydantic import Field

from jidoka.schemas.message import Carriage, Message
from jidoka.schemas.types import Name, Text, UtcTime


class DeviceKind(StrEnum):
    """What a gateway is connected to."""

    PLC = "plc"
    CAMERA = "camera"


class DeviceStatus(Message, topic="devices/{kind}/{name}", carriage=Carriage.STATE):
    """Whether a device answers, and if not, why."""

    kind: DeviceKind
    name: Name
    online: bool
    reason: Text | None = None
    station: Name | None = None
    source: Name = Field(description="the service that is connected to it")
    at: UtcTime = Field(description="since when it is so")


class ServiceStatus(Message, topic="services/{service}/{instance}", carriage=Carriage.STATE):
    """A running service; the broker publishes the offline one as its last will."""

    service: Name
    instance: Name
    online: bool
    version: Text
    at: UtcTime = Field(description="when it connected; in a last will, too")
