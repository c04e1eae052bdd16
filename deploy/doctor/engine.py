"""Docker, as far as the checks need it."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

LABEL = "com.docker.compose"
EVERYWHERE = ("", "0.0.0.0", "::")  # noqa: S104 - what is looked for


class Engine:
    """The containers of one compose project."""

    def __init__(self, project: str) -> None:
        self.project = project
        self._containers: list[dict[str, Any]] | None = None

    def version(self, *command: str) -> str | None:
        """First line of what a command says; None when it fails."""
        done = run(*command)
        return done.stdout.strip().splitlines()[0] if done.returncode == 0 and done.stdout.strip() else None

    def containers(self) -> list[dict[str, Any]]:
        """`docker inspect` of all of the project's containers, stopped ones too."""
        if self._containers is None:
            ids = run("docker", "ps", "-aq", "--filter", f"label={LABEL}.project={self.project}").stdout.split()
            done = run("docker", "inspect", *ids) if ids else None
            self._containers = json.loads(done.stdout) if done and done.returncode == 0 else []
        return self._containers

    def running(self) -> list[dict[str, Any]]:
        """Those that run."""
        return [one for one in self.containers() if one["State"]["Running"]]

    def find(self, service: str) -> dict[str, Any] | None:
        """The running container of a service."""
        return next((one for one in self.running() if service_of(one) == service), None)

    def published(self, service: str, port: int) -> tuple[str, int] | None:
        """Where a port of the service answers on this box: address and port; None when it is not published."""
        found = self.find(service)
        places = found["NetworkSettings"]["Ports"].get(f"{port}/tcp") if found else None
        if not places:
            return None
        address = places[0]["HostIp"]
        return "127.0.0.1" if address in EVERYWHERE else address, int(places[0]["HostPort"])

    def inside(self, service: str, *command: str) -> str | None:
        """What a command in the service's container says; None when it fails or there is no such container."""
        found = self.find(service)
        if found is None:
            return None
        done = run("docker", "exec", found["Id"], *command)
        return done.stdout if done.returncode == 0 else None

    def sql(self, query: str) -> list[list[str]] | None:
        """Rows from the line's database; None when it does not answer."""
        out = self.inside("database", "psql", "-XU", "postgres", "-d", "jidoka", "-tAF", "\t", "-c", query)
        return None if out is None else [line.split("\t") for line in out.splitlines() if line]

    def metrics(self, service: str, port: int = 9100) -> dict[str, float] | None:
        """The service's own figures, `name{labels}` to value; None when it does not answer."""
        address = f"http://127.0.0.1:{port}/metrics"
        code = f"import urllib.request as u; print(u.urlopen('{address}', timeout=5).read().decode())"
        out = self.inside(service, "python", "-c", code)
        if out is None:
            return None
        rows = (line.rsplit(" ", 1) for line in out.splitlines() if line and not line.startswith("#"))
        return {name: float(value) for name, value in rows}


def settings() -> dict[str, str]:
    """What compose takes from deploy/.env, and from the environment before it."""
    file = Path(__file__).resolve().parents[1] / ".env"
    lines = file.read_text().splitlines() if file.exists() else []
    written = (line.split("=", 1) for line in lines if "=" in line and not line.lstrip().startswith("#"))
    return {name.strip(): value.strip() for name, value in written} | dict(os.environ)


def service_of(container: dict[str, Any]) -> str:
    """The service's name in the compose file."""
    return str(container["Config"]["Labels"][f"{LABEL}.service"])


def run(*command: str) -> subprocess.CompletedProcess[str]:
    """Never raises: a missing program and a timeout are a failed command."""
    if shutil.which(command[0]) is None:
        return subprocess.CompletedProcess(command, 127, "", f"{command[0]} is not installed")
    try:
        return subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(command, 124, "", "timed out")
