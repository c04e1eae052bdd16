"""What the historian reads from the environment."""

from typing import ClassVar

from pydantic import Field, SecretStr

from jidoka.historian.migrate import Engine
from jidoka.runtime.settings import Settings


class HistorianSettings(Settings):
    """Settings of every service, and where the record is."""

    service: ClassVar[str] = "historian"

    database_url: SecretStr = Field(
        description="the owner's login, postgresql://user:password@host:port/name; no pooler that shares sessions"
    )
    database_engine: Engine = Field(
        default="auto", description="auto: TimescaleDB where the server loads it; fixed by the first migration"
    )
    http_port: int = Field(default=9104, ge=0, le=65535, description="port of /healthz, /readyz and /metrics; 0: any")
    batch_messages: int = Field(default=500, ge=1, le=5000, description="most messages in one transaction")
    batch_seconds: float = Field(default=0.2, gt=0, le=5, description="longest time that a message waits for others")
