"""Whether the parts between camera and gate fit the controller's rings, by the station's own account."""

from collections.abc import Mapping

from jidoka.plc_gateway.conditions import Alarm, Conditions
from jidoka.plc_gateway.parts import RING
from jidoka.plc_gateway.values import Value
from jidoka.schemas import Severity

CODE = "ring-too-short"
LEFT = ("Accepted", "Rejected", "Held", "Bypassed")
_COUNTS = 2**32


def riding(account: Mapping[str, Value]) -> int:
    """Parts that arrived and have not left; the counts are DINTs that wrap. 0 for an account that does not add up."""
    arrived, *left = (account[name] for name in ("Arrived", *LEFT))
    if not isinstance(arrived, int):
        return 0
    between = (arrived - sum(count for count in left if isinstance(count, int))) % _COUNTS
    return between if between < _COUNTS // 2 else 0


def judge(station: str, account: Mapping[str, Value], conditions: Conditions) -> None:
    """Raise the alarm while as many parts ride as the rings hold: the next verdict takes the slot of one still there.

    The controller then holds that part, for the sequence beside the verdict is another's: lost time, never wrong.
    """
    count = riding(account)
    text = (
        f"{count} parts are between camera and gate of {station}, and the controller's rings hold {RING}: verdicts are "
        "overwritten before their part is there, and such parts are held"
    )
    alarm = Alarm(CODE, station, Severity.HIGH, text, station)
    conditions.report(count >= RING, alarm, {"parts": count, "ring": RING})
