"""The alarm rules of one PLC, fed with every scan."""

from collections.abc import Mapping, Sequence

from jidoka.plc_gateway.alarms import Latch, Limit
from jidoka.plc_gateway.conditions import Alarm, Conditions
from jidoka.plc_gateway.line import AlarmRule
from jidoka.schemas import Scalar


class Watch:
    """Raises and clears the conditions of rules; a tag that cannot be read leaves its condition as it is."""

    def __init__(self, plc: str, rules: Sequence[AlarmRule], conditions: Conditions) -> None:
        self._conditions = conditions
        self._rules = [(rule, rule.station or plc, _limit(rule), self._latch(rule, plc)) for rule in rules]

    def feed(self, now: float, values: Mapping[str, Scalar], bad: Mapping[str, str]) -> None:
        """One scan of one group at `now` (monotonic seconds); rules on other groups' tags are left alone."""
        for rule, subject, limit, latch in self._rules:
            value = values.get(rule.tag)
            if value is None and rule.tag not in bad:
                continue
            truth = None if value is None else limit.holds(value, latch.active)
            latch.feed(now, truth)
            if value is not None and latch.active != self._conditions.active(rule.code, subject):
                alarm = Alarm(rule.code, subject, rule.severity, rule.text(value), rule.station)
                self._conditions.report(latch.active, alarm, {"tag": rule.tag, "value": value, "limit": rule.value})

    def _latch(self, rule: AlarmRule, plc: str) -> Latch:
        active = self._conditions.active(rule.code, rule.station or plc)
        return Latch(rule.on_delay_ms / 1000, rule.off_delay_ms / 1000, active)


def _limit(rule: AlarmRule) -> Limit:
    return Limit(rule.op, rule.value, rule.hysteresis)
