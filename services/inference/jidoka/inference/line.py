"""The table `inference` of line.toml: which model, and which findings fail a part."""

import hashlib
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from jidoka.runtime.settings import section
from jidoka.schemas.types import Label, Name, Share

Side = Annotated[float, Field(ge=0, le=65_535)]
Rectangle = tuple[Side, Side, Side, Side]


class Severity(StrEnum):
    """What a finding does to the verdict."""

    FAIL = "fail"
    NOTE = "note"


class ClassRule(BaseModel):
    """What it takes for one class to fail a part."""

    model_config = ConfigDict(extra="forbid")

    confidence: Share | None = Field(default=None, description="lowest confidence, where it differs from the line's")
    count: int = Field(default=1, ge=1, description="so many findings of the class fail the part")
    min_area: float = Field(default=0, ge=0, description="smaller boxes are left out, in square pixels of the frame")
    severity: Severity = Field(default=Severity.FAIL, description="note: reported, and never fails the part")


class Region(BaseModel):
    """Where on a camera's image findings count: their centre is in `include`, if that is given, and not in `ignore`."""

    model_config = ConfigDict(extra="forbid")

    station: Name
    camera: Name | None = None
    include: list[Rectangle] = Field(default=[], description="x, y, width, height in pixels of the frame")
    ignore: list[Rectangle] = []


class Choice(BaseModel):
    """Another model for a station, a SKU, or both; the first that fits is taken."""

    model_config = ConfigDict(extra="forbid")

    model: Path
    station: Name | None = None
    sku: Label | None = None


class GoldenImage(BaseModel):
    """What a good part of a SKU looks like, everywhere or at one station and camera."""

    model_config = ConfigDict(extra="forbid")

    sku: Label
    image: Path = Field(description="PNG or JPEG, from the folder in which the service runs")
    station: Name | None = None
    camera: Name | None = None

    def fits(self, sku: str | None, station: str, camera: str) -> bool:
        """Whether it is meant for that frame."""
        return self.sku == sku and self.station in (None, station) and self.camera in (None, camera)

    def same_place(self, other: "GoldenImage") -> bool:
        """Whether both are meant for exactly the same frames."""
        return (self.sku, self.station, self.camera) == (other.sku, other.station, other.camera)

    def reach(self) -> tuple[bool, bool]:
        """Sorts the more special before the more general."""
        return self.station is None, self.camera is None


class Inference(BaseModel):
    """The table `inference`."""

    model_config = ConfigDict(extra="forbid")

    model: Path = Field(description="ONNX file, from the folder in which the service runs")
    confidence: Share = Field(default=0.75, description="lowest confidence of a finding")
    nms_iou: Share = Field(default=0.45, description="boxes of one class that overlap more are one finding")
    evidence_pass_share: Share = Field(default=0.05, description="share of passed frames whose image is kept")
    classes: dict[Label, ClassRule] = {}
    region: list[Region] = []
    choice: list[Choice] = []
    golden: list[GoldenImage] = []

    def floor(self) -> float:
        """The lowest confidence that any class asks for."""
        own = [rule.confidence for rule in self.classes.values() if rule.confidence is not None]
        return min([self.confidence, *own])

    def models(self) -> list[Path]:
        """Every model file, the default first."""
        return list(dict.fromkeys([self.model, *(choice.model for choice in self.choice)]))

    def model_for(self, station: str, sku: str | None) -> Path:
        """The model file for a part."""
        for choice in self.choice:
            if choice.station in (None, station) and choice.sku in (None, sku):
                return choice.model
        return self.model


def read_rules(data: dict[str, Any], sha256: str, path: Path, threshold: float | None) -> tuple[Inference, str]:
    """The table, with a threshold from the environment in effect, and the hash of both. Raises ConfigError."""
    rules = section(Inference, data, "inference", path)
    if threshold is None:
        return rules, sha256
    digest = hashlib.sha256(f"{sha256} confidence {threshold}".encode()).hexdigest()
    return rules.model_copy(update={"confidence": threshold}), digest
