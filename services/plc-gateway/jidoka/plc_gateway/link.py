"""What a connection to a controller is, answers and fails with; no protocol."""

from dataclasses import dataclass
from typing import Self

from jidoka.plc_gateway.line import Plc
from jidoka.plc_gateway.values import Value
from jidoka.runtime.errors import TransientError


class LinkError(TransientError):
    """The controller did not answer, or not as it must; the connection is gone."""


class WrongAddress(LinkError):
    """Nobody can be there: `key` is what is wrong in line.toml, `host` (no such name) or `slot` (no module in it)."""

    def __init__(self, key: str, reason: str) -> None:
        super().__init__(reason)
        self.key = key


class RefusedWrite(RuntimeError):
    """A write to a tag that is not on the allow-list: a bug, never sent."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a controller is: `host` or `host:port`, slot, and how long to wait for it in seconds."""

    host: str
    slot: int = 0
    connect_timeout: float = 5.0
    request_timeout: float = 1.0

    @classmethod
    def of(cls, plc: Plc) -> Self:
        """As line.toml says."""
        return cls(plc.host, plc.slot, plc.connect_timeout_ms / 1000, plc.request_timeout_ms / 1000)


@dataclass(frozen=True, slots=True)
class Reading:
    """One tag as answered: a value, or the reason why there is none."""

    value: Value | None
    bad: str | None = None
