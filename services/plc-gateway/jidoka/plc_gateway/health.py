"""Whether a PLC answers: one device status, one gauge and one alarm over all connections to it."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from threading import Lock

from jidoka.plc_gateway.alarms import Latch
from jidoka.plc_gateway.conditions import Alarm, Conditions
from jidoka.plc_gateway.metrics import PLC_CONNECTION, RECONNECTS
from jidoka.runtime.channel import Channel
from jidoka.runtime.logs import log
from jidoka.schemas import DeviceKind, DeviceStatus, Severity

_ON_DELAY = 1.0
_OFF_DELAY = 5.0
_LOST = "plc-connection-lost"
_UNTRIED = "not connected yet"


class Health:
    """Joins the lanes (`scan`, `parts`) of one PLC: online is when all of them are. Thread safe."""

    def __init__(
        self,
        plc: str,
        lanes: tuple[str, ...],
        bus: Channel,
        conditions: Conditions,
        *,
        source: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._plc, self._bus, self._conditions, self._source, self._clock = plc, bus, conditions, source, clock
        self._faults: dict[str, str | None] = dict.fromkeys(lanes, _UNTRIED)
        self._told: tuple[bool, str | None] | None = None
        self._latch = Latch(_ON_DELAY, _OFF_DELAY, conditions.active(_LOST, plc))
        self._lock = Lock()
        PLC_CONNECTION.labels(plc).set(0)

    def up(self, lane: str) -> None:
        """This lane's connection works."""
        with self._lock:
            self._faults[lane] = None
            self._tell()

    def down(self, lane: str, reason: str) -> None:
        """This lane's connection is gone."""
        RECONNECTS.labels(self._plc, lane).inc()
        with self._lock:
            self._faults[lane] = reason
            self._tell()

    def tick(self) -> None:
        """Raise or clear the alarm when the state has lasted; every lane calls it often."""
        with self._lock:
            faults = [reason for reason in self._faults.values() if reason]
            self._latch.feed(self._clock(), bool(faults))
            text = f"PLC {self._plc} does not answer: {faults[0] if faults else ''}"
            self._conditions.report(self._latch.active, Alarm(_LOST, self._plc, Severity.CRITICAL, text))

    def fault(self) -> str | None:
        """What is wrong, for /readyz."""
        faults = [f"{lane}: {reason}" for lane, reason in self._faults.items() if reason]
        return "; ".join(faults) or None

    def _tell(self) -> None:
        faults = [reason for reason in self._faults.values() if reason]
        if faults and all(reason == _UNTRIED for reason in faults):
            return
        now = (not faults, faults[0][:500] if faults else None)
        if self._told is not None and now[0] == self._told[0]:
            return
        self._told = now
        PLC_CONNECTION.labels(self._plc).set(now[0])
        log.info("plc_online" if now[0] else "plc_offline", plc=self._plc, reason=now[1])
        status = DeviceStatus(
            kind=DeviceKind.PLC,
            name=self._plc,
            online=now[0],
            reason=now[1],
            source=self._source,
            at=datetime.now(UTC),
        )
        self._bus.publish(status)
