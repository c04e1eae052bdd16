"""`make faults`: a camera goes blurred, dim, black, frozen, off colour, half covered: no such part passes."""

from line_stack import Stack, line_stack, wait_for

FAULTS = ("blur", "half-light", "black", "frozen", "colour", "half-covered")
PARTS, HEALTHY = 8, 4
ALARM_WITHIN = 5


def test_no_part_passes_by_a_sick_image() -> None:
    with line_stack(takt_ms=700) as line:
        ranges = {fault: _inject(line, fault) for fault in FAULTS}
        line.drain()
        truth = {row["sequence"]: row["ruling"] for row in line.truth("AOI1")}
        heard = {fault: _frames_until_alarm(line, *parts) for fault, parts in ranges.items()}
    passed = {fault: [n for n in range(*parts) if truth[n] == "accept"] for fault, parts in ranges.items()}
    sick = {n for parts in ranges.values() for n in range(*parts)}
    healthy = [ruling for number, ruling in truth.items() if number not in sick and number > 5]
    print(f"\nsick images: parts {ranges}, passed {passed}, alarm at frame {heard}; healthy: {len(healthy)} parts")
    assert passed == {fault: [] for fault in FAULTS}
    assert all(0 < number <= ALARM_WITHIN for number in heard.values())
    assert healthy.count("accept") > len(healthy) / 2


def _inject(line: Stack, fault: str) -> tuple[int, int]:
    """First sequence with the fault and the first after it."""
    first = line.simulator("spoil", {"station": "AOI1", "fault": fault})["from"]
    _until(line, first + PARTS)
    after = line.simulator("spoil", {"station": "AOI1", "fault": None})["from"]
    _until(line, after + HEALTHY)
    return first, after


def _until(line: Stack, sequence: int) -> None:
    wait_for(f"part {sequence}", lambda: line.simulator("account")["AOI1"]["Counter"] >= sequence)


def _frames_until_alarm(line: Stack, first: int, after: int) -> int:
    """Of the parts with the fault, the how manieth had arrived when the alarm was raised; 0: it was not."""
    arrived = line.sql("SELECT created_at, counter FROM parts WHERE counter BETWEEN %s AND %s", first, after - 1)
    begun, ended = min(row["created_at"] for row in arrived), max(row["created_at"] for row in arrived)
    raised = line.sql(
        "SELECT min(created_at) AS at FROM alarms WHERE code = 'image-health' AND created_at BETWEEN %s AND %s",
        begun,
        ended,
    )[0]["at"]
    return 0 if raised is None else sum(row["created_at"] <= raised for row in arrived)
