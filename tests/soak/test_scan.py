"""`make soak`: 500 tags at 100 ms for SCAN_MINUTES (10), then 10,000 tags at 1 s; the gateway is on time throughout."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

BENCH = Path(__file__).resolve().parents[2] / "benchmarks/scan.py"


@pytest.mark.timeout(7200)
def test_scans_stay_on_time_for_minutes() -> None:
    minutes = os.environ.get("SCAN_MINUTES", "10")
    environment = {**os.environ, "SCAN_MINUTES": minutes}
    done = subprocess.run(
        [sys.executable, str(BENCH)], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        check=False,
    )  # fmt: skip
    print(done.stdout)
    assert done.returncode == 0, done.stdout
    assert f"for {float(minutes):.1f} minutes" in done.stdout
