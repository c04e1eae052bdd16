"""The line, its stations, devices, services, and the figures."""

from datetime import datetime

from pydantic import Field

from jidoka.api.models.base import Answer
from jidoka.api.models.parts import Part
from jidoka.schemas import DeviceKind


class StationSetup(Answer):
    """A station as it is configured."""

    name: str = Field(examples=["AOI1"])
    plc: str = Field(examples=["plc1"])
    cameras: list[str] = Field(examples=[["top"]])


class Line(Answer):
    """What this API serves."""

    site: str = Field(examples=["demo"])
    line: str = Field(examples=["line1"])
    mode: str = Field(examples=["sim"])
    timezone: str = Field(examples=["Europe/Berlin"])
    stations: list[StationSetup]


class Counts(Answer):
    """Parts by result since the start of the day in the plant's time zone."""

    passed: int = Field(serialization_alias="pass", validation_alias="pass")
    fail: int
    held: int


class Device(Answer):
    """A controller or camera, by its newest status."""

    kind: DeviceKind
    name: str
    online: bool
    reason: str | None = None
    station: str | None = None
    source: str
    at: datetime


class Service(Answer):
    """A service, by its newest status."""

    service: str
    instance: str
    online: bool
    version: str
    at: datetime


class Queue(Answer):
    """Records of a publisher that the API has heard and the historian has not stored yet."""

    source: str = Field(examples=["plc-gateway-1"])
    waiting: int = Field(description="the fewest in the last five seconds: what is only on its way does not count")


class Station(StationSetup):
    """A station now."""

    counts: Counts
    last_part: Part | None = None
    devices: list[Device]


class StationNow(Station):
    """A station now, with its last twenty parts, newest first."""

    recent: list[Part]
