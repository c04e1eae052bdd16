"""`<model>.toml` beside the model: what the file itself cannot say, or says wrongly."""

import tomllib
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from jidoka.inference.errors import ModelRefused
from jidoka.inference.geometry import Fit
from jidoka.schemas.types import Label

Channels = tuple[float, float, float]
Side = Annotated[int, Field(ge=8, le=8192)]


class Reference(BaseModel):
    """An image with a known answer, for the self-test."""

    model_config = ConfigDict(extra="forbid")

    image: str = Field(description="path beside the model")
    classes: list[Label] = Field(description="the classes that must be found in it, each once; none for a good one")
    golden: str | None = Field(default=None, description="path beside the model: what a model that compares is shown")


class Sidecar(BaseModel):
    """Every field is optional and wins over the model file."""

    model_config = ConfigDict(extra="forbid")

    name: Label | None = None
    version: Label | None = None
    layout: str | None = Field(default=None, description="name of the layout, when the graph does not prove it")
    classes: list[Label] | None = Field(default=None, description="class names in the model's order")
    good: list[Label] = Field(default=[], description="classification: the classes that are no defect")
    width: Side | None = None
    height: Side | None = None
    fit: Fit | None = None
    bgr: bool | None = None
    divide: float | None = Field(default=None, gt=0, description="pixels are divided by this: 255 or 1")
    mean: Channels | None = None
    std: Channels | None = None
    reference: list[Reference] = []


def load_sidecar(model: Path) -> Sidecar:
    """The sidecar of a model, or an empty one. Raises ModelRefused when it cannot be read."""
    path = model.with_suffix(".toml")
    if not path.exists():
        return Sidecar()
    try:
        return Sidecar.model_validate(tomllib.loads(path.read_text("utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ModelRefused(f"{path.name} is not TOML: {error}") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = ".".join(str(level) for level in first["loc"])
        raise ModelRefused(f"{path.name}: {field}: {first['msg']}") from error
