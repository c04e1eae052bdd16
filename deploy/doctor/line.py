"""The containers, the edge, and whether verdicts come."""

import json
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime

from engine import EVERYWHERE, Engine, service_of
from report import Finding, Verdict, judged, passes

FTP = range(2121, 2142)
NEEDED = ("broker", "database", "plc-gateway", "vision-gateway", "inference", "historian", "api", "edge")


def checks(engine: Engine) -> Iterator[Finding]:
    """Of a line that should run."""
    running = {service_of(one): one for one in engine.running()}
    for service in NEEDED:
        health = running.get(service, {}).get("State", {}).get("Health", {})
        status = health.get("Status", "not running")
        said = (health.get("Log") or [{}])[-1].get("Output", "").strip()[:200] if status == "unhealthy" else ""
        found = f"{status} {said}".strip()
        yield judged(
            service, found, status == "healthy", f"docker compose logs {service}; see the troubleshooting page"
        )
    if running:
        yield _published(engine)
        yield _demo(running)
        yield from _edge(engine)


def _published(engine: Engine) -> Finding:
    places = [
        (service_of(one), place["HostIp"], int(place["HostPort"]))
        for one in engine.running()
        for listens in one["NetworkSettings"]["Ports"].values()
        for place in listens or []
    ]
    others = [place for place in places if place[0] != "edge" and not _for_cameras(*place)]
    found = ", ".join(f"{service} {address}:{port}" for service, address, port in others)
    pushed = any(_for_cameras(*place) for place in places)
    known = "the edge's, and FTP towards the cameras" if pushed else "the edge's only"
    return judged("published ports", found or known, not others, "nothing but the edge should answer from outside")


def _for_cameras(service: str, address: str, port: int) -> bool:
    """What compose.ftp.yaml opens, as long as it is on one card of the box."""
    return service == "vision-gateway" and port in FTP and address not in EVERYWHERE


def _demo(running: dict[str, dict[str, object]]) -> Finding:
    config = running.get("api", {}).get("Config", {})
    environment = config.get("Env", []) if isinstance(config, dict) else []
    values = dict(str(text).split("=", 1) for text in environment)
    if values.get("MODE") == "live":
        return passes("mode", "live")
    found = "sim, with demo users" if values.get("DEMO_USERS") else "sim"
    do = "for a real line start with -f deploy/compose.live.yaml"
    return Finding(Verdict.WARN, "mode", found, do)


def _edge(engine: Engine) -> Iterator[Finding]:
    place = engine.published("edge", 8443)
    if place is None:
        yield judged("edge", "is not published", False, "docker compose up -d edge")
        return
    host, port = place
    context = ssl.create_default_context()
    context.check_hostname = False  # whether it answers is asked here; its certificate is another check
    context.verify_mode = ssl.CERT_NONE
    try:
        with urllib.request.urlopen(f"https://{host}:{port}/", timeout=10, context=context) as page:
            hsts = page.headers.get("Strict-Transport-Security")
        yield judged("edge", "serves the page", True, "")
        yield judged(
            "HSTS", hsts or "is missing", bool(hsts), "another server answers on this port, or the edge is old"
        )
        address = f"https://{host}:{port}/api/v1/parts?limit=1"
        with urllib.request.urlopen(address, timeout=10, context=context) as answer:
            yield _fresh(json.load(answer)["items"])
    except urllib.error.HTTPError as error:
        if error.code == 401:
            yield passes("API", "asks for a log-in")
        else:
            yield judged("API", f"answers {error.code}", False, "look at /api/health/ready")
    except (OSError, ValueError) as error:
        yield judged("edge", str(error), False, "docker compose logs edge")


def _fresh(items: list[dict[str, str]]) -> Finding:
    if not items:
        return judged(
            "parts", "none yet", False, "does the PLC count parts? docker compose logs plc-gateway", Verdict.WARN
        )
    age = (datetime.now(UTC) - datetime.fromisoformat(items[0]["created_at"])).total_seconds()
    return judged("parts", f"the newest arrived {age:.0f} s ago", age < 300, "does the line run?", Verdict.WARN)
