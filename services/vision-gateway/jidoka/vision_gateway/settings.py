"""Settings of the vision gateway."""

from typing import ClassVar

from pydantic import Field

from jidoka.runtime.settings import Settings


class VisionSettings(Settings):
    """What the environment says."""

    service: ClassVar[str] = "vision-gateway"

    http_port: int = Field(default=9102, ge=0, le=65535, description="port of /healthz, /readyz and /metrics; 0: any")
    vision_timeout: float = Field(
        default=3000, gt=0, description="milliseconds for a capture, where line.toml gives no capture_timeout_ms"
    )
