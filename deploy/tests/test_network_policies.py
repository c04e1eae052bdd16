"""The NetworkPolicies of Kubernetes let through the flows of docs/operations/network.md and no other."""

from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import yaml

PORTS = (80, 443, 1883, 2121, 2122, 3000, 4000, 5432, 6379, 8080, 8443, 8500, 8883, 9100, 44818)
SERVICES = {"plc-gateway", "vision-gateway", "inference", "historian", "api"}
WATCHED = {(name, 9100) for name in SERVICES - {"api"} | {"exporter"}} | {("api", 4000)}
FLOWS = {
    *((name, "broker", 8883) for name in SERVICES | {"exporter"}),
    *((name, "database", 5432) for name in ("historian", "api", "exporter", "backup", "migrate")),
    ("api", "redis", 6379),
    ("web", "api", 4000),
    ("exporter", "web", 8443),
}
KINDS = ("Deployment", "StatefulSet", "Job", "CronJob")


@cache
def documents(deploy: Path) -> list[dict[str, Any]]:
    files = sorted((deploy / "k8s" / "base").glob("*.yaml"))
    return [one for path in files for one in yaml.safe_load_all(path.read_text()) if isinstance(one, dict)]


def pods(deploy: Path) -> dict[str, dict[str, str]]:
    """Labels of the pods of each workload."""
    found = {}
    for one in documents(deploy):
        if one.get("kind") in KINDS:
            spec = one["spec"].get("jobTemplate", one)["spec"] if one["kind"] == "CronJob" else one["spec"]
            found[one["metadata"]["name"]] = spec["template"]["metadata"]["labels"]
    return found


def selects(selector: dict[str, Any], labels: dict[str, str]) -> bool:
    wanted = selector.get("matchLabels", {}).items() <= labels.items()
    return wanted and all(labels.get(one["key"]) in one["values"] for one in selector.get("matchExpressions", []))


def opens(rule: dict[str, Any], side: str, peer: dict[str, str] | None, namespace: str, port: int) -> bool:
    """Whether a rule lets `port` through to or from a pod with these labels in that namespace."""
    if not any(one["port"] <= port <= one.get("endPort", one["port"]) for one in rule["ports"] if "TCP" in str(one)):
        return False
    for place in rule[side]:
        spaces = place.get("namespaceSelector", {"matchLabels": {"kubernetes.io/metadata.name": "jidoka"}})
        here = selects(spaces, {"kubernetes.io/metadata.name": namespace})
        if here and "ipBlock" not in place and selects(place.get("podSelector", {}), peer or {}):
            return True
    return False


def may(deploy: Path, own: dict[str, str], way: str, peer: dict[str, str] | None, namespace: str, port: int) -> bool:
    """Whether any policy lets the pod with labels `own` speak (egress) or be spoken to (ingress)."""
    side = "to" if way == "egress" else "from"
    policies = [one["spec"] for one in documents(deploy) if one["kind"] == "NetworkPolicy"]
    rules = [rule for one in policies if selects(one["podSelector"], own) for rule in one.get(way, [])]
    return any(opens(rule, side, peer, namespace, port) for rule in rules)


def test_every_pod_is_denied_everything_first(deploy: Path) -> None:
    denials = [one["spec"] for one in documents(deploy) if one.get("metadata", {}).get("name") == "default-deny"]
    assert denials == [{"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}]


def test_pods_speak_along_the_listed_flows_only(deploy: Path) -> None:
    labels = pods(deploy)
    assert SERVICES | {"broker", "database", "redis", "web", "migrate", "backup", "exporter"} == set(labels)
    open_ways = {
        (client, server, port)
        for client, server, port in product(labels, labels, PORTS)
        if client != server
        and may(deploy, labels[client], "egress", labels[server], "jidoka", port)
        and may(deploy, labels[server], "ingress", labels[client], "jidoka", port)
    }
    assert open_ways == FLOWS


@pytest.mark.parametrize(
    ("namespace", "expected"),
    [("monitoring", WATCHED), ("ingress-nginx", {("web", 8443)}), ("kube-system", set()), ("default", set())],
)
def test_other_namespaces_reach_figures_and_the_edge_only(
    deploy: Path, namespace: str, expected: set[tuple[str, int]]
) -> None:
    labels = pods(deploy)
    reached = {
        (server, port) for server, port in product(labels, PORTS)
        if may(deploy, labels[server], "ingress", None, namespace, port)
    }  # fmt: skip
    assert reached == expected


def test_nothing_but_names_and_the_plant_is_reached_outside(deploy: Path) -> None:
    labels = pods(deploy)
    reached = {
        (client, namespace, port)
        for client, namespace, port in product(labels, ("kube-system", "monitoring", "default"), PORTS)
        if may(deploy, labels[client], "egress", {"app.kubernetes.io/name": "grafana"}, namespace, port)
    }
    assert reached == {("web", "monitoring", 3000)}
