"""Prints base/rules.yaml: the rules of deploy/prometheus in the Prometheus operator's wrapping. A test keeps it fresh.

python deploy/k8s/rules.py > deploy/k8s/base/rules.yaml
"""

from pathlib import Path

HEAD = """# Written by deploy/k8s/rules.py from deploy/prometheus/rules.
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata: { name: jidoka }
spec:
  groups:
"""
FOLDER = Path(__file__).resolve().parents[1] / "prometheus" / "rules"


def document() -> str:
    """The groups of every file, indented by one level more."""
    lines: list[str] = []
    for path in sorted(FOLDER.glob("*.yml")):
        head, *body = path.read_text(encoding="utf-8").splitlines()
        assert head == "groups:", f"{path} begins with {head}"
        lines += [f"  {line}" if line else "" for line in body]
    return HEAD + "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(document(), end="")
