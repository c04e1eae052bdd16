"""What line.toml says of every camera, whatever its kind."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

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
    tint: tuple[float, float, float] | None = Field(default=None, description="the same of its middle tones alone")
    colour_shift_max: Share = Field(default=0.04, description="how far a share may be from `colour` or `tint`")
    occluded_max: Share = Field(default=0.2, description="largest share of the image without any texture that had some")
    texture: list[float] | None = Field(default=None, description="contrast of each of 8 x 8 fields, row by row")


class CameraSettings(BaseModel):
    """What every kind of camera has."""

    model_config = ConfigDict(extra="forbid")

    name: Name
    capture_timeout_ms: float | None = Field(default=None, gt=0, description="default: VISION_TIMEOUT")
    required: bool = Field(default=True, description="whether a part can pass without this camera")
    trigger: Literal["part", "camera", "timer", "free", "result"] = Field(
        default="part", description="what makes a frame; timer, free and result make frames without a part"
    )
    period_ms: float | None = Field(default=None, ge=10, description="of the trigger timer")
    begin_within_ms: float | None = Field(
        default=None, gt=0, description="an image begun later after the part's arrival would show the next part"
    )
    processing: Processing = Processing()
    health: HealthLimits = HealthLimits()
