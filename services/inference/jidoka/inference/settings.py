"""Settings of the inference service."""

from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field

from jidoka.runtime.settings import Settings


class InferenceSettings(Settings):
    """What the environment says."""

    service: ClassVar[str] = "inference"

    http_port: int = Field(default=9103, ge=0, le=65535, description="port of /healthz, /readyz and /metrics; 0: any")
    defect_threshold: float | None = Field(
        default=None, ge=0, le=1, description="lowest confidence of a finding, instead of the one in line.toml"
    )
    inference_threads: int = Field(default=0, ge=0, description="threads for one run of a model; 0: one per core")
    inference_provider: Literal["auto", "cpu", "cuda", "tensorrt", "openvino"] = Field(
        default="auto", description="what runs the model; auto: the best that onnxruntime has here"
    )
    trial_memory_mb: int = Field(default=4096, ge=256, description="memory that a model may use in its trial process")
    trial_seconds: float = Field(default=60, gt=0, description="time that a model may take in its trial process")

    @property
    def archive(self) -> Path:
        """Where models that were in use are kept."""
        return self.data_dir / "models"
