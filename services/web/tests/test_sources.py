"""The page's own checks: types as the API says, svelte-check, unit tests."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

WEB = Path(__file__).resolve().parents[1]


def _said(*command: str) -> str:
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(command, cwd=WEB, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_types_are_those_of_the_openapi_document() -> None:
    made = _said("node_modules/.bin/openapi-typescript", "../api/openapi.json")
    assert made == (WEB / "src/api/schema.d.ts").read_text(encoding="utf-8"), "run: npm run types"


@pytest.mark.parametrize("check", ["check", "test"])
def test_the_page_passes_its_own_checks(check: str) -> None:
    assert "error" not in _said("npm", "run", "--silent", check).replace("0 errors", "")
