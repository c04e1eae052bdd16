"""Alerts and certificates, as Prometheus and the exporter have them."""

import json
import time
from collections.abc import Iterator

from engine import Engine
from report import Finding, Verdict, judged, passes


def checks(engine: Engine) -> Iterator[Finding]:
    """Of a running line with the profile observability."""
    if engine.find("prometheus") is None:
        yield Finding(Verdict.WARN, "watching", "does not run", "start it with --profile observability")
        return
    yield from _certificates(engine)
    down = _asked(engine, "up == 0")
    do = "docker compose ps"
    yield judged("targets", "all up" if down == [] else f"down: {_names(down, 'job')}", down == [], do)
    firing = _asked(engine, 'ALERTS{alertstate="firing"}')
    for one in firing or []:
        name, severity = one.get("alertname", "?"), one.get("severity", "?")
        verdict = Verdict.FAIL if severity == "critical" else Verdict.WARN
        yield Finding(verdict, f"alert {name}", severity, f"docs/operations/runbook.md#{name.lower()}")
    if firing == []:
        yield passes("alerts", "none")


def _certificates(engine: Engine) -> Iterator[Finding]:
    for name, ends in (engine.metrics("exporter") or {}).items():
        if name.startswith("jidoka_certificate_ends_seconds"):
            days = (ends - time.time()) / 86_400
            which = name.split('"')[1]
            do = "docker compose run --rm setup, then restart it; or put the plant's new one in place"
            yield judged(f"certificate of the {which}", f"{days:.0f} days left", days > 21, do)


def _asked(engine: Engine, query: str) -> list[dict[str, str]] | None:
    code = (
        "import sys, urllib.request as u, urllib.parse as p;"
        "print(u.urlopen('http://prometheus:9090/api/v1/query?' + p.urlencode({'query': sys.argv[1]}), timeout=5)"
        ".read().decode())"
    )
    out = engine.inside("exporter", "python", "-c", code, query)
    return None if out is None else [row["metric"] for row in json.loads(out)["data"]["result"]]


def _names(rows: list[dict[str, str]] | None, label: str) -> str:
    return "cannot tell" if rows is None else ", ".join(sorted(row.get(label, "?") for row in rows))
