"""Paths and programs of the deployment's own checks: none of them needs a container engine."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def deploy() -> Path:
    """The folder deploy/."""
    return ROOT / "deploy"


@pytest.fixture(scope="session")
def program() -> Callable[..., str]:
    """Runs a program that Debian's packages `prometheus` and `prometheus-alertmanager` bring; its output."""

    def call(name: str, *arguments: str) -> str:
        path = shutil.which(name)
        assert path, f"{name} is not installed: deploy/local/install.sh promtool"
        done = subprocess.run([path, *arguments], check=False, capture_output=True, text=True, cwd=ROOT)
        assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
        return done.stdout

    return call
