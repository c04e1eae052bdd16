"""Spans of the plant's calendar, sums and ratios, by hand."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from jidoka.api.figures import ratios
from jidoka.api.figures.gather import split
from jidoka.api.figures.spans import Step, Unit, steps, whole
from jidoka.api.figures.sums import Sums, bound, percentile
from jidoka.api.line import ShiftTable

BERLIN = ZoneInfo("Europe/Berlin")
SHIFTS = (
    ShiftTable(name="early", start=time(6), planned_minutes=450),
    ShiftTable(name="late", start=time(14), planned_minutes=450),
    ShiftTable(name="night", start=time(22), planned_minutes=450, days=frozenset({"mon", "tue", "wed", "thu"})),
)


def at(text: str) -> datetime:
    """Local time in Berlin, as UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN).astimezone(UTC)


@pytest.mark.parametrize(
    ("day", "after", "hours"),
    [("2026-03-29", "2026-03-30", 23), ("2026-10-25", "2026-10-26", 25), ("2026-06-01", "2026-06-02", 24)],
)
def test_a_day_is_one_day_however_long_it_is(day: str, after: str, hours: int) -> None:
    low, high = at(day), at(after)
    (one,) = steps(Unit.DAY, low, high, BERLIN, ())
    assert (one.low, one.high, one.high - one.low) == (low, high, timedelta(hours=hours))
    assert len(steps(Unit.HOUR, low, high, BERLIN, ())) == hours


def test_weeks_begin_on_monday_and_months_on_the_first() -> None:
    weeks = steps(Unit.WEEK, at("2026-10-14"), at("2026-11-04"), BERLIN, ())
    assert [step.low for step in weeks] == [at("2026-10-14"), at("2026-10-19"), at("2026-10-26"), at("2026-11-02")]
    months = steps(Unit.MONTH, at("2026-01-31T12:00"), at("2026-03-02"), BERLIN, ())
    assert [step.low for step in months] == [at("2026-01-31T12:00"), at("2026-02-01"), at("2026-03-01")]
    assert months[-1].high == at("2026-03-02")


def test_the_night_shift_is_longer_when_summer_time_ends() -> None:
    night = steps(Unit.SHIFT, at("2026-10-24T22:00"), at("2026-10-25T06:00"), BERLIN, SHIFTS)
    assert [(step.shift, step.high - step.low) for step in night] == [("night", timedelta(hours=9))]
    assert night[0].planned_s == 0, "no night shift is planned on Saturdays"
    weekday = steps(Unit.SHIFT, at("2026-10-26T22:00"), at("2026-10-27T06:00"), BERLIN, SHIFTS)
    assert weekday[0].planned_s == 450 * 60


def test_a_cut_shift_has_its_share_of_planned_time() -> None:
    cut = steps(Unit.SHIFT, at("2026-06-01T10:00"), at("2026-06-01T16:00"), BERLIN, SHIFTS)
    assert [(step.shift, step.planned_s) for step in cut] == [("early", 225 * 60), ("late", 450 * 60 / 4)]
    assert whole(at("2026-06-01"), at("2026-06-02"), BERLIN, SHIFTS).planned_s == pytest.approx(450 * 60 * 2 + 450 * 15)
    assert whole(at("2026-06-01"), at("2026-06-02"), BERLIN, ()).planned_s is None


def test_what_is_not_rolled_up_yet_is_counted_by_itself() -> None:
    now = datetime(2026, 6, 1, 12, 0, 30, tzinfo=UTC)
    whole_minutes, edges = split([Step(now - timedelta(hours=1), now)], now)
    minute = now.replace(second=0)
    assert whole_minutes == [(0, minute - timedelta(minutes=59), minute - timedelta(minutes=2))]
    assert edges == [
        (0, now - timedelta(hours=1), minute - timedelta(minutes=59)),
        (0, minute - timedelta(minutes=2), now),
    ]
    inside = Step(minute - timedelta(minutes=10, seconds=40), minute - timedelta(minutes=10, seconds=20))
    assert split([inside], now) == ([], [(0, inside.low, inside.high)])


def test_percentiles_lie_in_their_class() -> None:
    sums = Sums()
    sums.add_parts(
        {"result": "pass", "bypassed": False, "disposition": None, "cycle_time_ms": ms, "first": True,
         "created_at": datetime(2026, 6, 1, 12, number, tzinfo=UTC)}
        for number, ms in enumerate([10.0, 1000.0, 1000.0, 1e9])
    )  # fmt: skip
    half = percentile(sums.histogram, 0.5)
    assert half is not None
    assert 1000 / 1.25 < half < 1000 * 1.25
    assert percentile(sums.histogram, 1.0) == bound(39)
    assert percentile([0] * 40, 0.5) is None
    assert sum(entry["parts"] for entry in ratios.histogram(sums)) == 4
    assert sums.busy_minutes == 4


def test_oee_is_what_iso_22400_says() -> None:
    sums = Sums(parts=110, passed=90, failed=8, held=2, busy_minutes=50)
    step = Step(at("2026-06-01"), at("2026-06-02"), None, 3600.0)
    made = ratios.oee(sums, step, 24_000.0)
    assert made is not None
    assert made["availability"] == pytest.approx(3000 / 3600)
    assert made["effectiveness"] == pytest.approx(24 * 100 / 3000)
    assert made["quality"] == 0.9
    assert made["oee"] == pytest.approx(made["availability"] * made["effectiveness"] * made["quality"])
    assert made["plausible"] is True
    faster = ratios.oee(sums, step, 60_000.0)
    assert faster is not None
    assert (faster["effectiveness"], faster["plausible"]) == (2.0, False), "shown as it is, and doubted"
    assert ratios.oee(sums, step, None) is None
    assert ratios.oee(Sums(), Step(step.low, step.high, None, 0.0), 1000.0) == {
        "planned_s": 0.0, "busy_s": 0.0, "availability": None, "effectiveness": None, "quality": None, "oee": None,
        "plausible": True,
    }  # fmt: skip


def test_nothing_is_divided_by_nothing() -> None:
    assert set(ratios.ratios(Sums()).values()) == {None}
    assert set(ratios.cycle_time(Sums()).values()) == {None}
    assert ratios.histogram(Sums()) == []
