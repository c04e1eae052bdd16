"""The doctor looks at the running demo from outside, as whoever runs the box would."""

import re
import subprocess
import sys
from pathlib import Path

DOCTOR = Path(__file__).resolve().parents[2] / "deploy" / "doctor"
LINE = re.compile(r"(pass|warn|fail)  ([^:]+): (.+)")


def examined(project: str) -> tuple[int, dict[str, tuple[str, str]]]:
    """Exit status, and verdict and text by what was looked at."""
    command = [sys.executable, str(DOCTOR), "--project", project]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=300)
    *lines, total = done.stdout.splitlines()
    found = [LINE.fullmatch(line) for line in lines]
    assert all(found), done.stdout + done.stderr
    assert re.fullmatch(r"\d+ pass, \d+ warn, \d+ fail", total)
    return done.returncode, {one[2]: (one[1], one[3]) for one in found if one}


def test_the_doctor_finds_the_demo_well_and_says_what_a_real_line_still_needs(stack) -> None:
    status, found = examined(stack.project)
    for what in ("engine", "api", "edge", "HSTS", "published ports", "parts", "controller plc1", "camera AOI1/top"):
        assert found[what][0] == "pass", (what, found[what])
    assert found["records missing"][0] == "pass"
    assert found["mode"] == ("warn", "sim, with demo users -> for a real line start with -f deploy/compose.live.yaml")
    assert status == int(any(verdict == "fail" for verdict, _ in found.values()))


def test_the_doctor_names_a_service_that_is_gone_and_what_to_do(stack) -> None:
    stack.compose("stop", "inference")
    status, found = examined(stack.project)
    stack.compose("start", "inference")
    assert status == 1
    assert found["inference"] == ("fail", "not running -> docker compose logs inference; see the troubleshooting page")
    stack.until("inference", lambda: examined(stack.project)[1]["inference"][0] == "pass", 120)
