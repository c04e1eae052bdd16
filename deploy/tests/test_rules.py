"""Alert rules: they fire and clear, name metrics that exist, and lead to the runbook."""

import ast
from collections import Counter
from pathlib import Path

import promql
import pytest
import yaml

# what Prometheus itself, its client library and Kubernetes add
FOREIGN = {"up", "ALERTS", "process_resident_memory_bytes", "kube_cronjob_status_last_successful_time"}


def exported(deploy: Path) -> set[str]:
    """Names of the samples that our code exports, read from the definitions of its metrics."""
    root = deploy.parent
    files = [*root.glob("libs/*/jidoka/*/metrics.py"), *root.glob("services/*/jidoka/*/metrics.py")]
    names: set[str] = set()
    for path in [*files, *deploy.glob("exporter/*.py"), deploy / "backup" / "serve.py"]:
        for node in ast.walk(ast.parse(path.read_text())):
            texts = [
                arg.value for arg in ast.walk(node) if isinstance(arg, ast.Constant) and isinstance(arg.value, str)
            ]
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and texts:
                names |= samples(node.func.id, texts[0])
            elif isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") in ("GAUGES", "COUNTERS"):
                kind = "Counter" if node.targets[0].id == "COUNTERS" else "Gauge"
                names |= {name for text in texts if text.startswith("jidoka_") for name in samples(kind, text)}
    return names


def samples(kind: str, name: str) -> set[str]:
    if kind.startswith("Counter"):
        return {f"{name.removesuffix('_total')}_total"}
    if kind == "Histogram":
        return {f"{name}_bucket", f"{name}_sum", f"{name}_count"}
    return {name} if kind.startswith("Gauge") else set()


def test_the_tables_of_names_are_not_empty(deploy: Path) -> None:
    assert {"defect_rate", "decisions_total", "historian_commit_seconds_bucket", "jidoka_broker_up"} <= exported(deploy)
    assert promql.metrics('sum by (a) (rate(b_total{c="d"}[5m])) / 2 > on (x) e') == {"b_total", "e"}


def test_every_metric_of_a_rule_is_exported(deploy: Path) -> None:
    known = exported(deploy) | FOREIGN
    for rule in promql.rules():
        unknown = {
            name for name in promql.metrics(rule["expr"]) - known if not name.startswith("kubelet_volume_stats_")
        }
        assert not unknown, f"{rule['alert']}: {unknown}"


@pytest.mark.parametrize("name", promql.BOARDS)
def test_every_metric_of_a_board_is_exported(deploy: Path, name: str) -> None:
    queries = promql.queries(name)
    assert len(queries) > 8
    assert not set().union(*map(promql.metrics, queries)) - exported(deploy) - FOREIGN


def test_every_query_of_the_boards_is_promql(program, tmp_path: Path) -> None:
    asked = [query for name in promql.BOARDS for query in promql.queries(name)]
    recorded = [{"record": f"board:query:{number}", "expr": query} for number, query in enumerate(asked)]
    file = tmp_path / "boards.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "boards", "rules": recorded}]}))
    assert f"SUCCESS: {len(asked)} rules found" in program("promtool", "check", "rules", str(file))


@pytest.mark.parametrize("name", promql.BOARDS)
def test_a_board_has_what_grafana_needs_to_show_it(name: str) -> None:
    board = promql.board(name)
    assert board["uid"] == f"jidoka-{name}" and board["title"] and board["schemaVersion"] >= 39
    numbers = [panel["id"] for panel in board["panels"]]
    assert len(set(numbers)) == len(numbers)
    for panel in board["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24, panel["title"]
        if panel["type"] != "row":
            assert panel["datasource"]["uid"] == "prometheus" and panel["targets"], panel["title"]
            assert {target["refId"] for target in panel["targets"]}, panel["title"]


def test_every_rule_has_an_owner_and_a_runbook_entry(deploy: Path) -> None:
    runbook = (deploy.parent / "docs" / "operations" / "runbook.md").read_text()
    for rule in promql.rules():
        alert, notes = rule["alert"], rule["annotations"]
        assert rule["labels"]["severity"] in ("critical", "warning") and rule["labels"]["team"], alert
        assert notes["summary"] and notes["description"], alert
        assert notes["runbook_url"] == f"docs/operations/runbook.md#{alert.lower()}"
        assert f"\n## {alert}\n" in runbook, f"{alert} has no entry in the runbook"


def test_every_rule_is_tested_quiet_then_firing_then_clear(deploy: Path) -> None:
    files = [yaml.safe_load(path.read_text()) for path in (deploy / "prometheus" / "tests").glob("*.yml")]
    tests = [test for file in files for test in file["tests"]]
    assert Counter(test["name"] for test in tests) == Counter(rule["alert"] for rule in promql.rules())
    for test in tests:
        first, *fired, last = [moment["exp_samples"] for moment in test["promql_expr_test"]]
        assert (first, last) == ([], []) and any(fired), test["name"]
        named = f'alertname="{test["name"]}"'
        asked = [moment["expr"] for moment in test["promql_expr_test"] if moment["exp_samples"]]
        assert named in f"{asked} {fired}", test["name"]


def test_the_plants_own_rules_are_as_it_has_them(deploy: Path) -> None:
    known = {rule["alert"]: (rule["expr"], rule.get("for")) for rule in promql.rules()}
    assert known["HighDefectRate"] == ("defect_rate > 0.1", "5m")
    assert known["PLCConnectionLost"] == ("plc_connection_status == 0", "30s")
    assert known["VisionSystemDown"] == ("vision_system_status == 0", "1m")


def test_promtool_finds_the_rules_and_the_configuration_well_formed(deploy: Path, program) -> None:
    files = sorted(map(str, (deploy / "prometheus" / "rules").glob("*.yml")))
    assert "SUCCESS" in program("promtool", "check", "rules", *files)
    checked = program("promtool", "check", "config", "--syntax-only", str(deploy / "prometheus" / "prometheus.yml"))
    assert "SUCCESS" in checked


@pytest.mark.parametrize("name", ["line", "platform"])
def test_each_alert_stays_quiet_then_fires_then_clears(deploy: Path, program, name: str) -> None:
    assert "SUCCESS" in program("promtool", "test", "rules", str(deploy / "prometheus" / "tests" / f"{name}.yml"))


@pytest.mark.parametrize(
    ("labels", "receiver"),
    [
        (["alertname=PLCConnectionLost", "severity=critical", "team=line"], "line-now"),
        (["alertname=PartsHeld", "severity=warning", "team=line"], "line"),
        (["alertname=HighDefectRate", "severity=warning", "team=quality"], "quality"),
        (["alertname=DatabaseDown", "severity=critical", "team=platform"], "platform-now"),
        (["alertname=DeadLetters", "severity=warning", "team=platform"], "platform"),
    ],
)
def test_alerts_go_to_those_who_can_act(deploy: Path, program, labels: list[str], receiver: str) -> None:
    config = str(deploy / "alertmanager" / "alertmanager.yml")
    assert program("amtool", "config", "routes", "test", f"--config.file={config}", *labels).strip() == receiver


def test_prometheus_asks_every_service_and_kubernetes_has_the_same_rules(deploy: Path) -> None:
    config = yaml.safe_load((deploy / "prometheus" / "prometheus.yml").read_text())
    jobs = {job["job_name"] for job in config["scrape_configs"]}
    assert {"plc-gateway", "vision-gateway", "inference", "historian", "api", "exporter", "backup"} <= jobs
    wrapped = yaml.safe_load((deploy / "k8s" / "base" / "rules.yaml").read_text())
    groups = [rule for group in wrapped["spec"]["groups"] for rule in group["rules"]]
    assert groups == promql.rules(), "run: python deploy/k8s/rules.py > deploy/k8s/base/rules.yaml"
