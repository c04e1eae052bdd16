"""Compose file, line files and manifests agree with each other."""

import re
import tomllib
from pathlib import Path

import yaml


def test_every_variable_of_the_compose_files_is_documented(deploy: Path) -> None:
    used = {name for path in deploy.glob("compose*.yaml") for name in re.findall(r"\$\{([A-Z_]+)", path.read_text())}
    described = set(re.findall(r"^# ([A-Z_]+)=", (deploy / ".env.example").read_text(), re.MULTILINE))
    assert used | {"COMPOSE_FILE"} == described  # that one is Compose's own


def test_the_demos_line_is_the_same_with_and_without_containers(deploy: Path) -> None:
    local, composed = ((deploy / "config" / name).read_text() for name in ("line.toml", "compose.toml"))
    write = "sed 's/127.0.0.1/simulator/' deploy/config/line.toml > deploy/config/compose.toml"
    assert composed == local.replace("127.0.0.1", "simulator"), write


def test_the_example_of_a_real_line_names_no_simulator(deploy: Path) -> None:
    line = tomllib.loads((deploy / "k8s" / "overlays" / "production" / "line.toml").read_text())
    kinds = {camera["kind"] for station in line["station"] for camera in station["camera"]}
    assert "simulator" not in kinds
    assert "simulator" not in line["plc"][0]["host"]


def test_only_the_edge_publishes_ports_and_all_but_setup_are_hardened(deploy: Path) -> None:
    services = yaml.safe_load((deploy / "compose.yaml").read_text())["services"]
    assert [name for name, service in services.items() if service.get("ports")] == ["edge"]
    for name, service in services.items():
        assert service["read_only"] and service["cap_drop"] == ["ALL"], name
        assert service["deploy"]["resources"]["limits"].keys() == {"memory", "cpus", "pids"} or name == "setup", name
        assert "privileged" not in service, name


def test_kubernetes_scales_no_further_than_the_broker_knows_names(deploy: Path) -> None:
    acl = (deploy / "mosquitto" / "topics.acl").read_text()
    for document in yaml.safe_load_all((deploy / "k8s" / "base" / "scaling.yaml").read_text()):
        name, most = document["metadata"]["name"], document["spec"]["maxReplicas"]
        assert f"repeats/{name}-{most}" in acl
