"""Settings of the vision gateway."""

from dataclasses import dataclass
from typing import ClassVar, Self

from pydantic import Field, SecretStr, model_validator

from jidoka.runtime.settings import Settings


@dataclass(frozen=True, slots=True)
class FtpSettings:
    """Where cameras push images."""

    host: str
    port: int
    password: SecretStr
    passive_ports: range
    public_address: str | None
    quota_bytes: int


class VisionSettings(Settings):
    """What the environment says."""

    service: ClassVar[str] = "vision-gateway"

    http_port: int = Field(default=9102, ge=0, le=65535, description="port of /healthz, /readyz and /metrics; 0: any")
    vision_timeout: float = Field(
        default=3000, gt=0, description="milliseconds for a capture, where line.toml gives no capture_timeout_ms"
    )
    keyence_ip: str | None = Field(default=None, description="address of the first Keyence controller of line.toml")
    keyence_port: int = Field(
        default=8500, ge=1, le=65535, description="its command port; 8501 is a KV controller's Host Link and no CV-X's"
    )
    ftp_host: str = Field(default="127.0.0.1", description="address on which cameras push images")
    ftp_port: int = Field(default=2121, ge=0, le=65535, description="its port; 0: any")
    ftp_password: SecretStr | None = Field(default=None, description="password of every camera's FTP user")
    ftp_passive_ports: str = Field(
        default="2122-2141", pattern=r"^\d{1,5}-\d{1,5}$", description="first and last port of FTP's data connections"
    )
    ftp_public_address: str | None = Field(default=None, description="our address as cameras see it, behind NAT")
    ftp_quota_mb: int = Field(default=512, ge=1, description="most that uploads in progress may hold")

    @model_validator(mode="after")
    def _has_ports(self) -> Self:
        first, last = self._passive
        if not 1024 <= first <= last <= 65535:
            raise ValueError(f"FTP_PASSIVE_PORTS={self.ftp_passive_ports}: not a range within 1024-65535")
        return self

    @property
    def ftp(self) -> FtpSettings | None:
        """Where cameras push images; None without a password."""
        if self.ftp_password is None:
            return None
        first, last = self._passive
        return FtpSettings(
            self.ftp_host,
            self.ftp_port,
            self.ftp_password,
            range(first, last + 1),
            self.ftp_public_address,
            self.ftp_quota_mb * 2**20,
        )

    @property
    def _passive(self) -> tuple[int, int]:
        first, last = self.ftp_passive_ports.split("-")
        return int(first), int(last)
