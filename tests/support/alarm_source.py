"""A publisher of alarm conditions, as a gateway would be one."""

import json
from datetime import UTC, datetime
from itertools import count
from uuid import uuid4

from bus_tap import Tap


class AlarmSource:
    """Raises and clears conditions; each is a record of a source of its own."""

    def __init__(self, bus: Tap, line: str = "jidoka/v1/demo/line1") -> None:
        self._bus, self._line = bus, line
        self._source, self._epoch = f"test-{uuid4().hex[:8]}", str(uuid4())
        self._numbers = count(1)

    def say(self, code: str, message: str, severity: str = "high", *, alarm_id: str = "", active: bool = True) -> str:
        """The condition is true, or with the id of before is over; returns its id."""
        identity = alarm_id or str(uuid4())
        body = {
            "alarm_id": identity, "source": self._source, "code": code, "subject": "plc1", "active": active,
            "severity": severity, "message": message, "at": datetime.now(UTC).isoformat(), "station": "AOI1",
        }  # fmt: skip
        user = {"source": self._source, "stream": "facts", "epoch": self._epoch, "seq": str(next(self._numbers))}
        topic = f"{self._line}/conditions/{self._source}/{code}/plc1"
        self._bus.post(topic, json.dumps(body).encode(), {"schema": "AlarmCondition/1", **user})
        self._bus.settle()
        return identity
