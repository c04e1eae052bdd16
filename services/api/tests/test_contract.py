"""The OpenAPI document kept to by every endpoint and role: schemathesis asks, with a fixed seed."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SEED = os.environ.get("FUZZ_SEED", "20260101")
EXAMPLES = os.environ.get("FUZZ_EXAMPLES", "1")
CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,"
    "response_headers_conformance,negative_data_rejection,ignored_auth,unsupported_method"
)
# a stream without end, and the ways to end the session that asks: those are asked without one
LEFT_OUT = r"stream\.mjpeg|/auth/"
ROLES = ("viewer", "operator", "engineer", "admin")


@pytest.fixture(scope="module")
def tokens(spoiled: Any) -> dict[str, str]:
    """An access token of each role."""
    with spoiled.api() as api:
        return {role: str(api.log_in(role)["access_token"]) for role in ROLES}


@pytest.fixture(scope="module")
def live(spoiled: Any, tokens: dict[str, str], scan: Any) -> Any:
    """A line in MODE=live, where nothing is answered without a token, with something of everything."""
    spoiled.publish(scan(Process_Temperature=41.5))
    for number in range(3):
        spoiled.part("open", serial=f"SN-00041{number}")
        spoiled.alarm()
    with spoiled.api(MODE="live", DEMO_USERS="") as running:
        yield running


@pytest.mark.timeout(600)
@pytest.mark.parametrize("role", ROLES)
def test_every_answer_is_one_of_the_documents(live: Any, tokens: dict[str, str], role: str, tmp_path: Path) -> None:
    token = ("--header", f"Authorization: Bearer {tokens[role]}")
    assert _asked(live, tmp_path, role, "--exclude-path-regex", LEFT_OUT, *token) > 500


@pytest.mark.timeout(600)
def test_so_are_the_answers_to_those_who_log_in_and_out(live: Any, tmp_path: Path) -> None:
    assert _asked(live, tmp_path, "nobody", "--include-path-regex", "/auth/") > 50


def _asked(live: Any, folder: Path, role: str, *more: str) -> int:
    """How many cases were asked and passed; fails with schemathesis's report."""
    document = Path(__file__).parents[1] / "openapi.json"
    options = ["--seed", SEED, "--max-examples", EXAMPLES, "--checks", CHECKS, "--warnings", "off", "--no-color",
               "--workers", "1", "--generation-database", "none", "--request-timeout", "20"]  # fmt: skip
    command = [str(Path(sys.executable).with_name("st")), "run", str(document), "--url", live.url, *options, *more]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder, timeout=580)
    counts = re.search(r"(\d+) generated, (\d+) passed", done.stdout)
    assert done.returncode == 0, done.stdout[-8000:]
    assert counts is not None, done.stdout[-2000:]
    print(f"{role}: seed {SEED}, {counts[1]} cases, all answers as the document says")
    return int(counts[2])
