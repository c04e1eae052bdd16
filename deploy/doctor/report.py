"""A check's outcome, and how it is shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """Of one check."""

    PASS = "pass"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: what was looked at, what was found, and what to do about it."""

    verdict: Verdict
    what: str
    found: str
    do: str = ""

    def text(self) -> str:
        """As it is printed."""
        advice = f" -> {self.do}" if self.do and self.verdict is not Verdict.PASS else ""
        return f"{self.verdict:4}  {self.what}: {self.found}{advice}"


def passes(what: str, found: str) -> Finding:
    """All is well."""
    return Finding(Verdict.PASS, what, found)


def judged(what: str, found: str, good: bool, do: str, otherwise: Verdict = Verdict.FAIL) -> Finding:
    """Well, or `otherwise`."""
    return Finding(Verdict.PASS if good else otherwise, what, found, do)


def show(findings: Sequence[Finding]) -> int:
    """Prints them; 1 when one of them failed, else 0."""
    for finding in findings:
        print(finding.text())
    counts = {verdict: sum(finding.verdict is verdict for finding in findings) for verdict in Verdict}
    print(", ".join(f"{count} {verdict}" for verdict, count in counts.items()))
    return int(counts[Verdict.FAIL] > 0)
