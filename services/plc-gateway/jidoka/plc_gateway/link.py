"""What a connection to a controller is, answers and fails with; no protocol."""

import re
import socket
from dataclasses import dataclass
from typing import Self

from jidoka.plc_gateway.line import Plc
from jidoka.plc_gateway.values import Value
from jidoka.runtime.errors import TransientError

_NO_MODULE = re.compile(r"\(01, 31[12]\)")


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


def explain(error: BaseException) -> LinkError:
    """What an error of the driver means for the line."""
    reasons = [_said(error)]
    while error.__cause__ is not None and not isinstance(error.__cause__, TimeoutError):
        error = error.__cause__
        reasons.append(_said(error))
    if any(_NO_MODULE.search(reason) for reason in reasons):
        return WrongAddress("slot", "no module answers in this slot (status 01/0311 or 01/0312)")
    if isinstance(error, socket.gaierror) and error.errno == socket.EAI_NONAME:
        return WrongAddress("host", "there is no host of this name")
    return LinkError(reasons[-1])


def _said(error: BaseException) -> str:
    return str(error) or f"the answer cannot be read ({type(error).__name__})"
