"""The stations and cameras of line.toml, as far as this service needs them."""

import re
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from jidoka.runtime.errors import ConfigError
from jidoka.runtime.settings import section
from jidoka.schemas.types import Name, Share

Offset = Annotated[int, Field(ge=0, le=65_535)]
Length = Annotated[int, Field(ge=1, le=65_535)]
Level = Annotated[float, Field(ge=0, le=255)]


class Processing(BaseModel):
    """What is done to an image before it travels."""

    model_config = ConfigDict(extra="forbid")

    crop: tuple[Offset, Offset, Length, Length] | None = Field(default=None, description="x, y, width, height")
    rotate: Literal[0, 90, 180, 270] = Field(default=0, description="degrees clockwise, after the crop")
    jpeg_quality: int = Field(default=85, ge=1, le=100, description="where the camera gives no JPEG itself")

    def changes(self) -> bool:
        """Whether the image cannot pass through as it came."""
        return self.crop is not None or self.rotate != 0


class HealthLimits(BaseModel):
    """What a healthy image of this camera is like; `preview` measures a camera and prints such a table.

    Without one only what no healthy image can be is found: black, white, without any contrast, frozen.
    """

    model_config = ConfigDict(extra="forbid")

    frozen: bool = Field(default=True, description="whether two parts' images that are the same byte for byte are sick")
    focus_min: float | None = Field(default=None, ge=0, description="lowest sharpness")
    brightness: tuple[Level, Level] | None = Field(default=None, description="lowest and highest mean grey level")
    white: tuple[Level, Level] | None = Field(default=None, description="lowest and highest grey level of the lightest")
    colour: tuple[float, float, float] | None = Field(default=None, description="mean shares of blue, green, red")
    colour_shift_max: Share = Field(default=0.04, description="how far a share may be from `colour`")
    occluded_max: Share = Field(default=0.2, description="largest share of the image without any texture that had some")
    texture: list[float] | None = Field(default=None, description="contrast of each of 8 x 8 fields, row by row")


class CameraSettings(BaseModel):
    """What every kind of camera has."""

    model_config = ConfigDict(extra="forbid")

    name: Name
    capture_timeout_ms: float | None = Field(default=None, gt=0, description="default: VISION_TIMEOUT")
    required: bool = Field(default=True, description="whether a part can pass without this camera")
    processing: Processing = Processing()
    health: HealthLimits = HealthLimits()


class SimulatorSettings(CameraSettings):
    """The simulator's camera."""

    kind: Literal["simulator"]
    url: str = Field(pattern=r"^http://[^/\s]+(/\S*)?$")


class FolderSettings(CameraSettings):
    """A folder of images, replayed."""

    kind: Literal["folder"]
    folder: Path
    pattern: str = Field(default="**/*", description="which files, relative to the folder")


class DropSettings(CameraSettings):
    """A folder into which the camera's controller puts a file for each part."""

    kind: Literal["drop"]
    folder: Path
    name_pattern: str = Field(description=r"regular expression on the path, such as _(?P<counter>\d+)_CAM1")
    offset: int = Field(default=0, description="added to the counter in the name to get the part's")
    keep: bool = Field(default=False, description="whether files stay after they were taken")

    @field_validator("name_pattern")
    @classmethod
    def _has_counter(cls, pattern: str) -> str:
        try:
            groups = re.compile(pattern).groupindex
        except re.error as error:
            raise ValueError(f"not a regular expression: {error}") from error
        if "counter" not in groups:
            raise ValueError(r"has no group (?P<counter>\d+)")
        return pattern


class VideoSettings(CameraSettings):
    """An RTSP stream, a USB camera or a video file."""

    kind: Literal["video"]
    source: str = Field(min_length=1, description="rtsp://..., /dev/video0, or a file")


AnyCamera = Annotated[SimulatorSettings | FolderSettings | DropSettings | VideoSettings, Field(discriminator="kind")]


class Station(BaseModel):
    """A station and its cameras."""

    name: Name
    deadline_ms: float = Field(gt=0)
    camera: list[AnyCamera] = []


def read_stations(data: dict[str, Any], path: Path, default_timeout_ms: float) -> list[Station]:
    """The stations of a parsed line.toml, every camera with its capture timeout. Raises ConfigError."""
    stations = section(list[Station], data, "station", path)
    for station in stations:
        for camera in station.camera:
            camera.capture_timeout_ms = camera.capture_timeout_ms or default_timeout_ms
            if camera.capture_timeout_ms >= station.deadline_ms:
                raise ConfigError(
                    f"{path}: camera {station.name}/{camera.name}: capture_timeout_ms {camera.capture_timeout_ms:g} "
                    f"must be below the station's deadline_ms {station.deadline_ms:g}"
                )
    return stations
