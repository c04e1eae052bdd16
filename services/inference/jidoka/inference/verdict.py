"""Findings to a verdict, by the rules of the line. Pure functions."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from jidoka.inference.detector import Finding
from jidoka.inference.line import ClassRule, Inference, Rectangle, Severity
from jidoka.schemas import Verdict

MOST_DEFECTS = 300
"""An Inspection carries no more; the most confident are kept."""
_ANY = ClassRule()


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict, why, and the findings that count."""

    verdict: Verdict
    reason: str | None
    findings: tuple[Finding, ...]


def judge(found: Sequence[Finding], rules: Inference, station: str, camera: str) -> Judgement:
    """Fail when any class reaches its count; findings below confidence, too small or out of the region do not count."""
    counted = tuple(
        finding for finding in found if _counts(finding, rules) and _inside(finding, rules, station, camera)
    )
    tally = Counter(finding.name for finding in counted)
    failing = [name for name, count in tally.items() if _fails(_rule(rules, name), count)]
    if not failing:
        return Judgement(Verdict.PASS, None, counted[:MOST_DEFECTS])
    reason = ", ".join(f"{tally[name]} {name}" for name in failing)[:500]
    return Judgement(Verdict.FAIL, reason, counted[:MOST_DEFECTS])


def _rule(rules: Inference, name: str) -> ClassRule:
    return rules.classes.get(name, _ANY)


def _fails(rule: ClassRule, count: int) -> bool:
    return rule.severity is Severity.FAIL and count >= rule.count


def _counts(finding: Finding, rules: Inference) -> bool:
    rule = _rule(rules, finding.name)
    lowest = rules.confidence if rule.confidence is None else rule.confidence
    return finding.confidence >= lowest and finding.box.width * finding.box.height >= rule.min_area


def _inside(finding: Finding, rules: Inference, station: str, camera: str) -> bool:
    box = finding.box
    x, y = box.x + box.width / 2, box.y + box.height / 2
    for region in rules.region:
        if region.station != station or region.camera not in (None, camera):
            continue
        if region.include and not any(_holds(rectangle, x, y) for rectangle in region.include):
            return False
        if any(_holds(rectangle, x, y) for rectangle in region.ignore):
            return False
    return True


def _holds(rectangle: Rectangle, x: float, y: float) -> bool:
    left, top, width, height = rectangle
    return left <= x < left + width and top <= y < top + height
