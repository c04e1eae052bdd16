"""The demo of deploy/compose.yaml: verdicts through the TLS edge, who may do what, and what outages cost."""

import time
from typing import Any
from urllib.parse import urlencode

import httpx
import promql
import pytest

DECISION = "jidoka/v1/demo/line1/decisions/AOI1"
CABLES = (
    "simulator",
    "plc-gateway",
    "vision-gateway",
    "inference",
    "historian",
    "api",
    "broker",
    "database",
    "redis",
    "edge",
)
OURS = ("plc-gateway", "vision-gateway", "inference", "historian", "api", "simulator", "exporter")
PLACES = (
    "plc-gateway:9100",
    "vision-gateway:9100",
    "inference:9100",
    "historian:9100",
    "api:4000",
    "exporter:9100",
    "backup:9100",
)
# Prometheus' own, and what only Kubernetes has
FOREIGN = {"up", "ALERTS", "kube_cronjob_status_last_successful_time"}


def newest_parts(client: httpx.Client, limit: int = 50) -> list[dict[str, Any]]:
    answer = client.get("/api/v1/parts", params={"limit": limit})
    answer.raise_for_status()
    return list(answer.json()["items"])


def test_verdicts_are_served_over_https_with_hsts(stack) -> None:
    with stack.https() as client:
        parts = stack.until(
            "decided part", lambda: [p for p in newest_parts(client) if p["result"] in ("pass", "fail")], 120
        )
        page = client.get("/")
        plain = httpx.get(f"http://localhost:{stack.ports['EDGE_HTTP']}/x", follow_redirects=False)
        metrics = client.get("/metrics")
    assert parts[0]["station"] == "AOI1"
    assert page.headers["strict-transport-security"] == "max-age=31536000"
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "<title>Jidoka</title>" in page.text
    assert (plain.status_code, plain.headers["location"]) == (308, "https://localhost/x")
    assert metrics.status_code == 404


def test_only_the_edge_is_published(stack) -> None:
    published = {
        container["Name"].removeprefix(f"/{stack.project}-"): sorted(
            int(place["HostPort"])
            for places in container["NetworkSettings"]["Ports"].values()
            for place in places or []
        )
        for container in stack.containers()
    }
    edge = published.pop("edge-1")
    assert edge == sorted(stack.ports.values())
    assert not any(published.values()), published


def test_nothing_runs_as_root_or_writes_outside_its_volumes(stack) -> None:
    containers = stack.containers()
    assert len(containers) == 14 + stack.grafana
    for container in containers:
        service = container["Config"]["Labels"]["com.docker.compose.service"]
        host = container["HostConfig"]
        assert host["ReadonlyRootfs"] and host["CapDrop"] == ["ALL"] and not host["Privileged"], service
        assert "no-new-privileges:true" in host["SecurityOpt"], service
        assert host["Memory"] > 0 and host["NanoCpus"] > 0, service
        status = stack.inside(service, "cat", "/proc/1/status")
        uids = next(line for line in status.splitlines() if line.startswith("Uid:")).split()[1:]
        assert "0" not in uids, (service, uids)
        for place in ("/x", "/usr/x", "/etc/x", "/secrets/x", "/opt/x"):
            assert stack.tries(service, "touch", place).returncode != 0, (service, place)
        secrets = [text for text in container["Config"]["Env"] if "SECRET=" in text or "PASSWORD=" in text]
        assert not secrets, service


def test_no_image_holds_what_builds_or_installs(stack) -> None:
    for service in OURS:
        for program in ("pip", "gcc", "cc", "make", "git", "pytest"):
            found = stack.tries(service, "sh", "-c", f"command -v {program}")
            assert not found.stdout, (service, found.stdout)
        assert stack.tries(service, "python", "-c", "import pip").returncode == 1, service


class Bus:
    """mosquitto's own programs, in the broker's container."""

    def __init__(self, stack) -> None:
        self._stack = stack
        self._passwords: dict[str, str] = {}

    def _login(self, user: str) -> list[str]:
        if user not in self._passwords:
            self._passwords[user] = self._stack.secret(f"mqtt-{user}")
        trust = ["--cafile", "/tmp/ca.crt", "-h", "broker", "-p", "8883", "-V", "5"]
        return [*trust, "-u", user, "-P", self._passwords[user]]

    def heard(self, reader: str, topic: str, writer: str, written: str, payload: str) -> bool:
        """Whether `reader`, subscribed to `topic`, is given what `writer` publishes on `written`."""
        self._stack.inside("broker", "sh", "-c", "cat > /tmp/ca.crt", stdin=self._stack.secret("ca.crt"))
        listen = [
            "mosquitto_sub",
            *self._login(reader),
            "-t",
            topic,
            "-F",
            "%p",
            "-W",
            "6",
            "-i",
            f"tap-{time.time_ns()}",
        ]
        publish = ["mosquitto_pub", *self._login(writer), "-t", written, "-m", payload, "-q", "1"]
        script = (
            f"{quoted(listen)} > /tmp/heard 2>&1 & sleep 2; {quoted(publish)} >/dev/null 2>&1; wait; cat /tmp/heard"
        )
        return payload in self._stack.inside("broker", "sh", "-c", script)


def quoted(words: list[str]) -> str:
    return " ".join("'" + word.replace("'", "'\\''") + "'" for word in words)


@pytest.fixture(scope="module")
def bus(stack) -> Bus:
    return Bus(stack)


@pytest.mark.parametrize(
    ("reader", "writer", "topic", "delivered"),
    [
        ("plant", "plc-gateway", DECISION + "-probe", True),
        ("plant", "inference", DECISION + "-probe", False),
        ("plant", "plant", DECISION + "-probe", False),
        ("plant", "plant", "jidoka/v1/demo/line1/repeats/plant", False),
        ("plant", "api", "jidoka/v1/demo/line1/commands/probe", False),
        ("plant", "vision-gateway", "jidoka/v1/demo/line1/repeats/plc-gateway-1", False),
        ("plant", "vision-gateway", "jidoka/v1/demo/line1/services/historian/historian-1", False),
        ("plant", "vision-gateway", "jidoka/v1/demo/line1/live/probe/probe", True),
        ("inference", "vision-gateway", "jidoka/v1/demo/line1/live/probe/probe", False),
        ("inference", "vision-gateway", "jidoka/v1/demo/line1/frames/probe/probe", True),
        ("exporter", "vision-gateway", "jidoka/v1/demo/line1/live/probe/probe", False),
    ],
)
def test_who_may_publish_and_read_on_the_bus(bus: Bus, reader: str, writer: str, topic: str, delivered: bool) -> None:
    assert bus.heard(reader, topic, writer, topic, f"probe {time.time_ns()}") is delivered


def test_nobody_logs_in_without_a_password_or_tls(stack) -> None:
    stack.inside("broker", "sh", "-c", "cat > /tmp/ca.crt", stdin=stack.secret("ca.crt"))
    secured = ["mosquitto_pub", "--cafile", "/tmp/ca.crt", "-h", "broker", "-p", "8883", "-t", "x", "-m", "x"]
    plain = ["mosquitto_pub", "-h", "broker", "-t", "x", "-m", "x"]
    wrong = stack.tries("broker", *secured, "-u", "plc-gateway", "-P", "wrong")
    assert "not authori" in (wrong.stderr + wrong.stdout).lower()
    assert stack.tries("broker", *secured).returncode != 0
    assert stack.tries("broker", *plain, "-p", "1883").returncode != 0
    assert stack.tries("broker", *plain, "-p", "8883").returncode != 0


def account(stack) -> dict[str, int]:
    return dict(stack.get("simulator", "http://127.0.0.1:9106/account")["AOI1"])


def decided_once(stack) -> str:
    """Empty when each counter from the first to the last has one decision or a note that it was missed."""
    [[rows, distinct, first, last]] = stack.sql(
        "SELECT count(*), count(DISTINCT counter), min(counter), max(counter) FROM decisions"
    )
    [[missed]] = stack.sql(
        "SELECT coalesce(sum(count), 0) FROM missed_parts WHERE first >= (SELECT min(counter) FROM decisions)"
    )
    wanted = int(last) - int(first) + 1
    if int(rows) == int(distinct) and int(distinct) + int(missed) == wanted:
        return ""
    return f"{rows} decisions of {distinct} parts, {missed} missed, of {wanted}"


def test_every_cable_pulled_in_turn_loses_no_part(stack) -> None:
    for service in CABLES:
        before = account(stack)["Arrived"]
        stack.pull_cable(service, 8)
        stack.until(f"parts after {service}", lambda before=before: account(stack)["Arrived"] > before + 3, 90)
    stack.until(
        "fresh verdict",
        lambda: stack.sql("SELECT 1 FROM decisions WHERE ruling <> 'hold' AND created_at > now() - interval '15 s'"),
        180,
    )
    problem = ["not asked"]

    def whole() -> bool:
        problem[0] = decided_once(stack)
        return not problem[0] and not stack.sql("SELECT source, missing FROM custody_gaps")

    stack.until(f"complete record ({problem[0]})", whole, 120)
    with stack.https() as client:
        stack.until("page", lambda: client.get("/").status_code == 200, 30)
    counts = account(stack)
    shared = counts["Accepted"] + counts["Rejected"] + counts["Held"] + counts["Bypassed"] + counts["OnBelt"]
    assert counts["Arrived"] == shared, counts


def test_down_and_up_again_loses_nothing(stack) -> None:
    with stack.https() as client:
        before = {part["id"]: part["result"] for part in newest_parts(client, 100) if part["result"]}
        password = stack.secret("admin")
    stack.compose("down", "--timeout", "30")
    stack.up()
    with stack.https() as client:
        kept = stack.sql("SELECT id, result FROM parts WHERE result IS NOT NULL")
        stack.until("new part", lambda: newest_parts(client, 1)[0]["id"] not in before, 120)
    assert before and before.items() <= {tuple(row) for row in kept}
    assert stack.secret("admin") == password
    stack.until("complete record", lambda: not decided_once(stack), 120)


def rules(stack) -> dict[str, str]:
    groups = stack.get("exporter", "http://prometheus:9090/api/v1/rules")["data"]["groups"]
    return {rule["name"]: rule["state"] for group in groups for rule in group["rules"] if rule["health"] == "ok"}


def test_every_target_is_up_and_every_rule_loaded(stack) -> None:
    def all_up() -> dict[str, str] | None:
        targets = stack.get("exporter", "http://prometheus:9090/api/v1/targets")["data"]["activeTargets"]
        health = {target["labels"]["job"]: target["health"] for target in targets}
        return health if set(health.values()) == {"up"} else None

    health = stack.until("target up everywhere", all_up, 120)
    assert {"plc-gateway", "vision-gateway", "inference", "historian", "api", "exporter", "backup"} <= set(health)
    assert {"HighDefectRate", "PLCConnectionLost", "VisionSystemDown"} <= set(rules(stack))


def test_rules_and_boards_ask_for_figures_that_the_running_services_have(stack) -> None:
    pages = [stack.page("exporter", f"http://{place}/metrics") for place in PLACES]
    known = set().union(*map(promql.exposed, pages)) | FOREIGN
    asked = {rule["alert"]: rule["expr"] for rule in promql.rules()}
    asked |= {f"{name}: {query}": query for name in promql.BOARDS for query in promql.queries(name)}
    unknown = {
        place: sorted(names)
        for place, query in asked.items()
        if (names := {n for n in promql.metrics(query) - known if not n.startswith("kubelet_volume_stats_")})
    }
    assert not unknown
    for place, query in asked.items():
        answer = stack.get("exporter", f"http://prometheus:9090/api/v1/query?{urlencode({'query': query})}")
        assert answer["status"] == "success", place


def test_grafana_shows_the_three_boards_behind_the_edge(stack) -> None:
    if not stack.grafana:
        pytest.skip("the image of Grafana is neither here nor to be had")
    login = ("admin", stack.secret("grafana"))
    with stack.https() as client:
        boards = stack.until("Grafana", lambda: client.get("/grafana/api/search?type=dash-db", auth=login).json(), 120)
        query = "/grafana/api/datasources/proxy/uid/prometheus/api/v1/query?query=up"
        answer = client.get(query, auth=login).json()
    assert {board["uid"] for board in boards} == {"jidoka-line", "jidoka-quality", "jidoka-platform"}
    assert answer["data"]["result"]


def test_the_api_shares_its_limits_through_redis_and_does_without(stack) -> None:
    def shared() -> float:
        answer = stack.get("exporter", "http://prometheus:9090/api/v1/query?query=jidoka_api_redis_up")
        return float(answer["data"]["result"][0]["value"][1])

    stack.until("Redis in use", lambda: shared() == 1, 60)
    with stack.https() as client:
        stack.compose("stop", "redis")
        stack.until("Redis missed", lambda: client.get("/api/v1/kpis").is_success and shared() == 0, 90)
        assert newest_parts(client, 1)
        stack.compose("start", "redis")
        stack.until("Redis in use again", lambda: client.get("/api/v1/kpis").is_success and shared() == 1, 90)


def test_a_lost_plc_and_a_lost_camera_raise_their_alerts_and_clear_them(stack) -> None:
    stack.compose("stop", "simulator")
    for alert in ("PLCConnectionLost", "VisionSystemDown"):
        stack.until(f"{alert} firing", lambda alert=alert: rules(stack)[alert] == "firing", 180)
    told = stack.get("exporter", "http://alertmanager:9093/api/v2/alerts")
    stack.compose("start", "simulator")
    for alert in ("PLCConnectionLost", "VisionSystemDown"):
        stack.until(f"{alert} clear", lambda alert=alert: rules(stack)[alert] == "inactive", 180)
    assert {"PLCConnectionLost"} <= {alert["labels"]["alertname"] for alert in told}


def test_a_backup_restores_with_the_rows_it_noted(stack) -> None:
    name = stack.inside("backup", "python", "/opt/backup/main.py", "once").strip()
    said = stack.inside("backup", "python", "/opt/backup/main.py", "drill", name)
    assert "as noted" in said
    assert f"{name}" in stack.inside("backup", "python", "/opt/backup/main.py", "list")
