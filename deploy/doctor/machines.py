"""The controllers and cameras, as their gateways see them."""

import re
from collections.abc import Iterator

from engine import Engine
from report import Finding, Verdict, judged

LABEL = re.compile(r'="([^"]*)"')
SEEN = (
    ("plc-gateway", "plc_connection_status", "controller", "see PLCConnectionLost in the runbook"),
    ("vision-gateway", "vision_system_status", "camera", "see VisionSystemDown in the runbook"),
)


def checks(engine: Engine) -> Iterator[Finding]:
    """Of a running line: a line for each controller and each camera."""
    for service, metric, what, do in SEEN:
        found = {
            name: value for name, value in (engine.metrics(service) or {}).items() if name.startswith(f"{metric}{{")
        }
        if not found:
            yield judged(f"{what}s", "cannot tell", False, f"docker compose logs {service}", Verdict.WARN)
        for name, value in found.items():
            which = "/".join(reversed(LABEL.findall(name)))  # station/camera
            yield judged(f"{what} {which}", "answers" if value else "does not answer", bool(value), do)
