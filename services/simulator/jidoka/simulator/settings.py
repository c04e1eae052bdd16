"""Settings of the simulator: where it listens, and what the line makes."""

from pydantic import Field, SecretStr, ValidationInfo, field_validator

from jidoka.runtime.settings import Settings
from jidoka.simulator.belt import check_room


class SimulatorSettings(Settings):
    """Environment of the simulator."""

    http_port: int = Field(default=9105, ge=0, le=65535, description="port of /healthz, /readyz and /metrics")
    sim_host: str = Field(default="127.0.0.1", description="address that the controller and the camera listen on")
    sim_plc_port: int = Field(default=44818, ge=0, le=65535, description="EtherNet/IP port of the controller")
    sim_control_port: int = Field(default=9106, ge=0, le=65535, description="port of camera images and controls")
    sim_seed: int = Field(default=1, ge=0, description="the same seed makes the same parts")
    sim_takt_ms: float = Field(default=1500.0, ge=20, description="milliseconds between two parts")
    sim_dwell_ms: float = Field(default=5000.0, ge=100, description="milliseconds from the camera to the gate")
    sim_defect_rate: float = Field(default=0.2, ge=0, le=1, description="share of parts made with defects")

    sim_keyence_ftp: SecretStr | None = Field(
        default=None, description="turns the CV-X on: ftp://user:password@host:port of whoever receives its images"
    )
    sim_keyence_port: int = Field(default=8500, ge=0, le=65535, description="command port of the CV-X")
    sim_keyence_wired: bool = Field(default=False, description="whether an arriving part triggers it by a wire")

    @field_validator("sim_dwell_ms")
    @classmethod
    def _fits_the_rings(cls, dwell_ms: float, known: ValidationInfo) -> float:
        if "sim_takt_ms" in known.data:
            check_room(known.data["sim_takt_ms"], dwell_ms)
        return dwell_ms
