"""Settings of the PLC gateway."""

from typing import ClassVar

from pydantic import Field

from jidoka.plc_gateway.line import Plc
from jidoka.runtime.settings import Settings


class GatewaySettings(Settings):
    """Environment of the PLC gateway; what to read and decide stands in line.toml."""

    service: ClassVar[str] = "plc-gateway"

    http_port: int = Field(default=9101, ge=0, le=65535, description="port of /healthz, /readyz and /metrics")
    plc_host: str | None = Field(default=None, description="address of the first PLC, instead of line.toml's")
    plc_slot: int | None = Field(default=None, ge=0, le=63, description="slot of the first PLC, instead of line.toml's")
    plc_rack: int = Field(default=0, ge=0, le=0, description="a Logix controller has no rack number: only 0 is right")
    plc_timeout: int | None = Field(
        default=None, ge=100, le=60_000, description="connect timeout of the first PLC in ms, instead of line.toml's"
    )

    def override(self, plc: Plc) -> Plc:
        """The first PLC of the file with what the environment says of it."""
        given = {"host": self.plc_host, "slot": self.plc_slot, "connect_timeout_ms": self.plc_timeout}
        return plc.model_copy(update={key: value for key, value in given.items() if value is not None})
