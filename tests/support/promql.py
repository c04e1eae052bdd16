"""Metric names in alert rules and Grafana boards, and the queries themselves."""

import json
import re
from pathlib import Path
from typing import Any

import yaml

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
BOARDS = ("line", "platform", "quality")
WORDS = {"by", "without", "on", "ignoring", "group_left", "group_right", "and", "or", "unless", "bool", "offset", "inf"}


def rules() -> list[dict[str, Any]]:
    """Every alert rule, in the order of the files."""
    files = [yaml.safe_load(path.read_text()) for path in sorted((DEPLOY / "prometheus" / "rules").glob("*.yml"))]
    return [rule for file in files for group in file["groups"] for rule in group["rules"]]


def board(name: str) -> dict[str, Any]:
    """A Grafana board as it is provisioned."""
    found: dict[str, Any] = json.loads((DEPLOY / "grafana" / "boards" / f"{name}.json").read_text())
    return found


def queries(name: str) -> list[str]:
    """What the panels of a board ask, with its variables filled in for every value."""
    found = [target["expr"] for panel in board(name)["panels"] for target in panel.get("targets", [])]
    return [re.sub(r"\$(\w+)", ".*", query) for query in found]


def metrics(expression: str) -> set[str]:
    """Names of the samples that a PromQL expression reads."""
    bare = re.sub(r'"[^"]*"', "", expression)
    bare = re.sub(r"\{[^}]*\}|\[[^\]]*\]|\b(by|without|on|ignoring)\s*\([^)]*\)", " ", bare)
    return {name for name in re.findall(r"[a-zA-Z_:][\w:]*\b(?!\s*\()", bare) if name not in WORDS}


def exposed(text: str) -> set[str]:
    """Names that a page of /metrics can have: metrics are declared there before their first sample."""
    names: set[str] = set()
    for name, kind in re.findall(r"^# TYPE (\S+) (\w+)$", text, re.MULTILINE):
        names |= {f"{name}_bucket", f"{name}_sum", f"{name}_count"} if kind == "histogram" else {name}
    return names
