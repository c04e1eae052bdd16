"""Whether a line under test has its broker and its database in containers: LINE_SERVERS is containers, local or auto.

auto takes containers when a container engine of this machine answers at once and has the pinned images, or can get them
soon. No engine, no image, no network: the programs installed here do as well, and a test run waits for nobody.
"""

import os
import re
import subprocess
from functools import cache
from pathlib import Path

import pytest
import yaml

COMPOSE = Path(__file__).resolve().parents[2] / "deploy" / "compose.yaml"
ANSWER_S, LOOK_S, PULL_S = 5, 10, 300


@cache
def images() -> dict[str, str]:
    """The images that compose.yaml pins for broker and database, or what their variables name."""
    return {name: pinned(name) for name in ("broker", "database")}


def pinned(service: str) -> str:
    """The image that compose.yaml pins for a service, or what its variable names."""
    return _filled(yaml.safe_load(COMPOSE.read_text())["services"][service]["image"])


@cache
def obtainable(image: str) -> bool:
    """Whether the engine has the image, or gets it within a few minutes."""
    if _works(ANSWER_S, "image", "inspect", image):
        return True
    return _works(LOOK_S, "manifest", "inspect", image) and _works(PULL_S, "pull", "--quiet", image)


@cache
def containers_wanted() -> bool:
    """The choice for this run. Raises UsageError when containers are asked for and cannot be had."""
    asked = os.environ.get("LINE_SERVERS", "auto")
    if asked not in ("auto", "containers", "local"):
        raise pytest.UsageError(f"LINE_SERVERS={asked} is none of auto, containers, local")
    if asked == "local":
        return False
    obstacle = _obstacle()
    if obstacle and asked == "containers":
        raise pytest.UsageError(f"LINE_SERVERS=containers, but {obstacle}")
    return not obstacle


def _obstacle() -> str:
    """Why containers cannot be had; empty when they can."""
    if not os.environ.get("DOCKER_HOST", "unix://").startswith("unix://"):
        return "the engine is another machine's"
    if not _works(ANSWER_S, "version", "--format", "{{.Server.Version}}"):
        return "no container engine answers"
    for image in images().values():
        if not obtainable(image):
            return f"{image} is neither here nor to be had"
    return ""


def _works(seconds: float, *arguments: str) -> bool:
    try:
        return subprocess.run(["docker", *arguments], capture_output=True, timeout=seconds, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def _filled(text: str) -> str:
    """`${NAME:-default}` as compose reads it."""
    return re.sub(r"\$\{(\w+):-([^}]*)\}", lambda found: os.environ.get(found[1]) or found[2], text)
