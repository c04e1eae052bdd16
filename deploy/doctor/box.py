"""The box itself: engine, size, clock, ports."""

import os
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

from engine import Engine, run, settings
from report import Finding, Verdict, judged

LEAST_ENGINE, LEAST_COMPOSE = (20, 10), (2, 20)
GIB = 2**30


def checks(engine: Engine) -> Iterator[Finding]:
    """Before the first start, too."""
    docker = engine.version("docker", "version", "--format", "{{.Server.Version}}")
    do = f"install Docker Engine {LEAST_ENGINE[0]}.{LEAST_ENGINE[1]} or newer, and start it"
    yield judged("engine", docker or "does not answer", _at_least(docker, LEAST_ENGINE), do)
    compose = engine.version("docker", "compose", "version", "--short")
    do = f"install Compose {LEAST_COMPOSE[0]}.{LEAST_COMPOSE[1]} or newer"
    yield judged("compose", compose or "is not installed", _at_least(compose, LEAST_COMPOSE), do)
    yield from _size()
    yield _clock()
    yield from _ports(engine)


def _at_least(version: str | None, least: tuple[int, int]) -> bool:
    fields = (version or "").lstrip("v").split(".")[:2]
    return len(fields) == 2 and all(field.isdigit() for field in fields) and tuple(map(int, fields)) >= least


def _size() -> Iterator[Finding]:
    cores = os.cpu_count() or 1
    yield judged("cores", str(cores), cores >= 4, "four cores carry one line of two cameras", Verdict.WARN)
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    yield judged("memory", f"{pages / GIB:.1f} GiB", pages >= 7 * GIB, "give the box 8 GiB", Verdict.WARN)
    place = Path("/var/lib/docker")
    room = shutil.disk_usage(place if place.exists() else "/")
    found = f"{room.free / GIB:.0f} of {room.total / GIB:.0f} GiB free"
    verdict = Verdict.FAIL if room.free < 5 * GIB else Verdict.WARN
    yield judged("disk", found, room.free > max(20 * GIB, room.total * 0.15), "free or add room", verdict)


def _clock() -> Finding:
    do = "keep the clock by NTP or PTP (chrony): images, PLC and database are compared by time"
    said = run("timedatectl", "show", "--property=NTPSynchronized", "--value").stdout.strip()
    found = {"yes": "kept by a time server", "no": "not kept by a time server"}.get(said, "cannot tell")
    return judged("clock", found, said == "yes", do, Verdict.WARN)


def _ports(engine: Engine) -> Iterator[Finding]:
    if engine.find("edge"):  # then the edge's own checks say whether it answers
        return
    chosen = settings()
    for name, default in (("EDGE_HTTP", 80), ("EDGE_HTTPS", 443)):
        port = int(chosen.get(name) or default)
        do = f"stop what listens there, or set {name}"
        yield judged(f"port {port}", "taken" if _listens(port) else "free", not _listens(port), do)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(2)
        return probe.connect_ex(("127.0.0.1", port)) == 0
