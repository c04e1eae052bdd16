"""The kinds of camera and what line.toml says of each."""

import re
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from jidoka.schemas.types import Name
from jidoka.vision_gateway.line import CameraSettings


def _with_counter(pattern: str) -> str:
    try:
        groups = re.compile(pattern).groupindex
    except re.error as error:
        raise ValueError(f"not a regular expression: {error}") from error
    if "counter" not in groups:
        raise ValueError(r"has no group (?P<counter>\d+)")
    return pattern


CounterPattern = Annotated[str, AfterValidator(_with_counter)]
Feature = bool | int | float | str
Begin = Field(default=1000.0, gt=0, description="a trigger later than this after the arrival would show the next part")


Settle = Field(default=2000.0, gt=0, description="pause without parts after which an offset is learned")


class SimulatorSettings(CameraSettings):
    """The simulator's camera."""

    kind: Literal["simulator"]
    trigger: Literal["part", "timer"] = "part"
    url: str = Field(pattern=r"^http://[^/\s]+(/\S*)?$")


class FolderSettings(CameraSettings):
    """A folder of images, replayed."""

    kind: Literal["folder"]
    trigger: Literal["part", "timer"] = "part"
    folder: Path
    pattern: str = Field(default="**/*", description="which files, relative to the folder")


class DropSettings(CameraSettings):
    """A folder into which the camera's controller puts a file for each part."""

    kind: Literal["drop"]
    trigger: Literal["part"] = "part"
    folder: Path
    name_pattern: CounterPattern = Field(description=r"regular expression on the path, such as _(?P<counter>\d+)_CAM1")
    offset: int = Field(default=0, description="added to the counter in the name to get the part's")
    keep: bool = Field(default=False, description="whether files stay after they were taken")


class FtpCameraSettings(CameraSettings):
    """A camera that pushes a file for each part to our FTP server."""

    kind: Literal["ftp"]
    trigger: Literal["camera", "free"] = "camera"
    user: Name = Field(description="the camera's FTP user; several may share one and differ in name_pattern")
    name_pattern: CounterPattern = Field(description=r"regular expression on the path, such as ^CAM1/(?P<counter>\d+)")
    offset: int | None = Field(default=0, description="the number in the name less the part's counter; absent: learned")
    window_ms: float = Field(default=1000.0, gt=0, description="how far apart part and image come; below the takt")
    settle_ms: float = Settle


class VideoSettings(CameraSettings):
    """A video file, played at its own speed, over again."""

    kind: Literal["video"]
    trigger: Literal["part", "timer"] = "part"
    source: str = Field(min_length=1, description="a file; also what kinds rtsp and usb take")
    begin_within_ms: float | None = Begin


class RtspSettings(CameraSettings):
    """A network camera's stream."""

    kind: Literal["rtsp"]
    trigger: Literal["part", "timer"] = "part"
    url: str = Field(pattern=r"^rtsps?://\S+$")
    begin_within_ms: float | None = Begin


class UsbSettings(CameraSettings):
    """A USB camera (V4L2)."""

    kind: Literal["usb"]
    trigger: Literal["part", "timer"] = "part"
    device: str = Field(pattern=r"^/dev/\S+$", description="such as /dev/video0")
    width: int | None = Field(default=None, ge=1, le=65_535)
    height: int | None = Field(default=None, ge=1, le=65_535)
    fps: float | None = Field(default=None, gt=0)
    begin_within_ms: float | None = Begin


class GenicamSettings(CameraSettings):
    """A GigE Vision, USB3 Vision or CoaXPress camera by its maker's GenTL producer."""

    kind: Literal["genicam"]
    trigger: Literal["part", "camera", "timer", "free"] = "part"
    producer: Path = Field(description="the maker's .cti file")
    device: str = Field(default="", description="part of the device's id or serial number; absent: the first")
    features: dict[str, Feature] = Field(default={}, description="GenICam nodes set in this order, such as PixelFormat")
    offset: int | None = Field(default=None, description="frame id less the part's counter; absent: learned")
    window_ms: float = Field(default=250.0, gt=0, description="how far apart part and image come; below the takt")
    settle_ms: float = Settle
    begin_within_ms: float | None = Begin


class KeyenceSettings(CameraSettings):
    """A camera of a Keyence CV-X controller."""

    kind: Literal["keyence"]
    trigger: Literal["part", "camera", "timer", "result"] = "part"
    host: str | None = Field(default=None, description="default: KEYENCE_IP, which overrides the first controller's")
    port: int | None = Field(default=None, ge=1, le=65_535, description="default: KEYENCE_PORT, 8500")
    camera: int = Field(default=1, ge=1, le=4, description="the n of CAMn")
    user: Name = Field(default="keyence", description="the controller's FTP user at our server")
    name_pattern: CounterPattern | None = Field(default=None, description="absent: the controller's own file names")
    programs: dict[str, Annotated[int, Field(ge=0, le=999)]] = Field(default={}, description="program number by SKU")
    result: dict[Literal["count", "judgement"], Annotated[int, Field(ge=0)]] = Field(
        default={"count": 0, "judgement": 1}, description="which place of a result line, from 0, holds what"
    )
    offset: int | None = Field(default=None, description="Total Count less the part's counter; absent: learned")
    window_ms: float = Field(default=500.0, gt=0, description="how far apart part and image come; below the takt")
    settle_ms: float = Settle
    begin_within_ms: float | None = Begin

    @property
    def pattern(self) -> str:
        """What its file names look like: [yymmdd]_[hhmmss]_[Total Count]_[CAM No]_[judgement]."""
        return self.name_pattern or rf"_(?P<counter>\d+)_CAM{self.camera}_[A-Z]+\.\w+$"

    @model_validator(mode="after")
    def _counts(self) -> Self:
        if self.trigger == "result" and "count" not in self.result:
            raise ValueError("trigger = 'result' needs to know where a result line holds the count: result.count")
        return self


AnyCamera = Annotated[
    SimulatorSettings
    | FolderSettings
    | DropSettings
    | FtpCameraSettings
    | VideoSettings
    | RtspSettings
    | UsbSettings
    | GenicamSettings
    | KeyenceSettings,
    Field(discriminator="kind"),
]
