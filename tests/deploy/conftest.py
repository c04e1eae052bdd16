"""The compose file, brought up for real on ports of its own."""

import json
import os
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from engine import obtainable, pinned

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "deploy" / "compose.yaml"


class Compose:
    """One project of the compose file."""

    def __init__(self, work: Path) -> None:
        self.project = f"jidoka-test-{os.getpid()}"
        self.grafana = obtainable(pinned("grafana"))
        self.ports = {"EDGE_HTTP": _free_port(), "EDGE_HTTPS": _free_port()}
        self.environment = {
            **os.environ,
            **{name: str(port) for name, port in self.ports.items()},
            "EDGE_ADDRESS": "127.0.0.1",
            "COMPOSE_PROFILES": "observability,grafana" if self.grafana else "observability",
        }
        self._work = work

    def compose(self, *arguments: str, timeout: float = 1200) -> str:
        """`docker compose ...` in this project; its output."""
        return _run(["docker", "compose", "-f", str(FILE), "-p", self.project, *arguments], timeout, self.environment)

    def up(self, build: bool = False) -> None:
        """Until every container is healthy."""
        self.compose("up", "-d", "--build" if build else "--no-build", "--wait", "--wait-timeout", "400")

    def secret(self, name: str) -> str:
        """What setup made."""
        return self.compose("run", "--rm", "--no-deps", "setup", "show", name).strip()

    def container(self, service: str) -> str:
        """The container's name."""
        return f"{self.project}-{service}-1"

    def containers(self) -> list[dict[str, Any]]:
        """`docker inspect` of the running ones."""
        ids = self.compose("ps", "-q").split()
        found: list[dict[str, Any]] = json.loads(_run(["docker", "inspect", *ids]))
        return found

    def inside(self, service: str, *command: str, stdin: str | None = None) -> str:
        """A command in a running container."""
        return _run(["docker", "exec", "-i", self.container(service), *command], stdin=stdin)

    def tries(self, service: str, *command: str) -> subprocess.CompletedProcess[str]:
        """A command in a running container that may fail."""
        full = ["docker", "exec", self.container(service), *command]
        return subprocess.run(full, check=False, capture_output=True, text=True)

    def sql(self, query: str) -> list[list[str]]:
        """Rows of the line's database."""
        out = self.inside("database", "psql", "-XU", "postgres", "-d", "jidoka", "-tAF", "\t", "-c", query)
        return [line.split("\t") for line in out.splitlines() if line]

    def page(self, service: str, address: str) -> str:
        """What an address answers to one container."""
        code = "import sys, urllib.request as u; sys.stdout.write(u.urlopen(sys.argv[1], timeout=10).read().decode())"
        return self.inside(service, "python", "-c", code, address)

    def get(self, service: str, address: str) -> Any:
        """JSON of an address as one container sees it."""
        return json.loads(self.page(service, address))

    def pull_cable(self, service: str, seconds: float) -> None:
        """Off all its networks for a while, then on them again under its name."""
        container = self.container(service)
        [found] = json.loads(_run(["docker", "inspect", container]))
        networks = list(found["NetworkSettings"]["Networks"])
        for network in networks:
            _run(["docker", "network", "disconnect", "--force", network, container])
        time.sleep(seconds)  # the outage itself, not a wait for something
        for network in networks:
            _run(["docker", "network", "connect", "--alias", service, network, container])

    def https(self) -> httpx.Client:
        """A client of the edge that trusts nothing but the installation's own authority."""
        authority = self._work / "ca.crt"
        authority.write_text(self.secret("ca.crt"))
        trust = ssl.create_default_context(cafile=str(authority))
        return httpx.Client(base_url=f"https://localhost:{self.ports['EDGE_HTTPS']}", verify=trust, timeout=20)

    @staticmethod
    def until(what: str, condition: Callable[[], Any], seconds: float) -> Any:
        """Waits for a condition; errors of a stack that is coming up count as no."""
        deadline, last = time.monotonic() + seconds, None
        while time.monotonic() < deadline:
            try:
                if value := condition():
                    return value
            except (AssertionError, httpx.HTTPError, OSError, ValueError) as error:
                last = error
            time.sleep(1)
        raise AssertionError(f"no {what} within {seconds} s; last: {last}")


def _run(
    command: list[str], timeout: float = 120, environment: dict[str, str] | None = None, stdin: str | None = None
) -> str:
    done = subprocess.run(
        command, check=False, env=environment, input=stdin, capture_output=True, text=True, timeout=timeout
    )
    assert done.returncode == 0, f"{' '.join(command[:6])} ended with {done.returncode}: {done.stderr[-3000:]}"
    return done.stdout


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def pytest_report_header() -> str:
    """Whether Grafana is part of the stack under test."""
    image = pinned("grafana")
    return f"grafana: {image}" if obtainable(image) else f"grafana: left out, {image} is neither here nor to be had"


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Compose]:
    """The demo with its observability profile; everything it made is removed at the end."""
    compose = Compose(tmp_path_factory.mktemp("compose"))
    try:
        compose.up(build=True)
        yield compose
    finally:
        compose.compose("down", "--volumes", "--timeout", "20")
