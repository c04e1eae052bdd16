"""Ratios by ISO 22400-2; one without a denominator is None, one above 1 is shown as it is."""

from typing import Any

from jidoka.api.figures.spans import Step
from jidoka.api.figures.sums import Sums, bound, percentile


def counts(sums: Sums) -> dict[str, int]:
    """Whole numbers."""
    return {
        "produced": sums.produced,
        "good": sums.passed,
        "rejected": sums.failed,
        "held": sums.held,
        "undecided": sums.parts - sums.produced,
        "missed": sums.unread,
        "reinspected": sums.produced - sums.first_visits,
        "bypassed": sums.bypassed,
        "false_calls": sums.false_calls,
        "escaped": sums.escaped,
        "rework": sums.rework,
        "scrap": sums.scrap,
    }


def ratios(sums: Sums) -> dict[str, float | None]:
    """Shares of the counts."""
    return {
        "quality_ratio": ratio(sums.passed, sums.produced),
        "first_pass_yield": ratio(sums.first_passed, sums.first_visits),
        "corrected_yield": ratio(sums.passed + sums.false_calls - sums.escaped, sums.produced),
        "ppm": ratio(sums.failed * 1_000_000, sums.produced),
        "defect_rate": ratio(sums.failed, sums.passed + sums.failed),
    }


def cycle_time(sums: Sums) -> dict[str, float | None]:
    """Mean and percentiles in ms; percentiles are read from the histogram."""
    return {
        "mean": ratio(sums.cycle_ms_total, sums.cycles),
        "p50": percentile(sums.histogram, 0.5),
        "p95": percentile(sums.histogram, 0.95),
    }


def histogram(sums: Sums) -> list[dict[str, Any]]:
    """Classes from the first to the last that has parts; the last class is open."""
    used = [number for number, parts in enumerate(sums.histogram) if parts]
    if not used:
        return []
    return [
        {"above_ms": bound(number - 1) if number else 0.0, "upto_ms": bound(number), "parts": sums.histogram[number]}
        for number in range(used[0], used[-1] + 1)
    ]


def oee(sums: Sums, step: Step, cycle_ms: float | None) -> dict[str, Any] | None:
    """Overall equipment effectiveness; None where planned time or planned cycle are not configured.

    APT is the time with parts, minute by minute; PBT is the planned time of the shifts; PRI is the planned cycle.
    """
    if cycle_ms is None or step.planned_s is None:
        return None
    busy_s = sums.busy_minutes * 60.0
    return {
        "planned_s": step.planned_s,
        "busy_s": busy_s,
        "availability": ratio(busy_s, step.planned_s),
        "effectiveness": ratio(cycle_ms / 1000 * sums.produced, busy_s),
        "quality": ratio(sums.passed, sums.produced),
        "oee": ratio(cycle_ms / 1000 * sums.passed, step.planned_s),
        "plausible": busy_s <= step.planned_s and cycle_ms / 1000 * sums.produced <= busy_s,
    }


def ratio(part: float, whole: float) -> float | None:
    """part / whole, None for nothing."""
    return part / whole if whole else None
