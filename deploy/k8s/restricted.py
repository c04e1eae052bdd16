"""Whether every pod of rendered manifests is admitted by Pod Security *restricted*:  restricted.py RENDERED.yaml

The rules are those of the Pod Security Standards (baseline and restricted). Ends with 1 and a line for each breach.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

VOLUMES = {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"}
SECCOMP = {"RuntimeDefault", "Localhost"}
HOST = ("hostNetwork", "hostPID", "hostIPC")


def pod_of(document: dict[str, Any]) -> dict[str, Any] | None:
    """The pod's spec in a workload; None for other kinds."""
    spec = document.get("spec", {})
    for inner in ("jobTemplate", "template"):
        if inner in spec:
            spec = spec[inner]["spec"]
    return spec if "containers" in spec else None


def breaches(pod: dict[str, Any]) -> Iterator[str]:
    """What the standard forbids."""
    context = pod.get("securityContext", {})
    yield from (f"{name} is set" for name in HOST if pod.get(name))
    for volume in pod.get("volumes", []):
        yield from (f"volume {volume['name']} is a {kind}" for kind in volume.keys() - {"name"} - VOLUMES)
    for container in [*pod.get("initContainers", []), *pod["containers"]]:
        own = container.get("securityContext", {})
        both = context | own
        found = {
            "may gain privileges": own.get("allowPrivilegeEscalation") is not False,
            "is privileged": bool(own.get("privileged")),
            "keeps capabilities": "ALL" not in own.get("capabilities", {}).get("drop", []),
            "adds capabilities": bool(set(own.get("capabilities", {}).get("add", [])) - {"NET_BIND_SERVICE"}),
            "may run as root": both.get("runAsNonRoot") is not True or both.get("runAsUser") == 0,
            "has no seccomp profile": both.get("seccompProfile", {}).get("type") not in SECCOMP,
            "takes a port of the node": any(port.get("hostPort") for port in container.get("ports", [])),
            "unmasks /proc": own.get("procMount", "Default") != "Default",
            "sets sysctls": bool(context.get("sysctls")),
        }
        yield from (f"{container['name']} {what}" for what, wrong in found.items() if wrong)


def main() -> int:
    """Exit status: 1 when a pod would be refused, or there is none at all."""
    documents = [one for one in yaml.safe_load_all(Path(sys.argv[1]).read_text()) if one]
    pods = {f"{one['kind']} {one['metadata']['name']}": pod for one in documents if (pod := pod_of(one))}
    wrong = [f"{name}: {text}" for name, pod in pods.items() for text in breaches(pod)]
    print("\n".join(wrong) or f"{len(pods)} pods, all restricted")
    return int(bool(wrong) or not pods)


if __name__ == "__main__":
    sys.exit(main())
