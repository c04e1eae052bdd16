"""`make lock`: one hashed requirements file a service, `run.txt` for `make run`, `dev.txt` for the tests beside it.

Our own packages are left out (they are installed from the tree), and no index address is written. What is locked stays
where it is as long as it fits; `make lock` with LOCK_UPGRADE=1 takes the newest of everything that no file pins.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
SERVICES = ("plc-gateway", "vision-gateway", "inference", "historian", "api", "simulator")
LIBRARIES = ("libs/schemas", "libs/runtime")


def main() -> None:
    """Writes every lock file."""
    shared = [line for library in LIBRARIES for line in _needs(ROOT / library)]
    everything = set(shared)
    for service in SERVICES:
        needs = {*shared, *_needs(ROOT / "services" / service)}
        everything |= needs
        _compile(sorted(needs), HERE / f"{service}.txt")
    everything |= {*_lines(HERE / "run.in")}
    _compile(sorted(everything), HERE / "run.txt")
    _compile(sorted({*everything, *_lines(HERE / "dev.in")}), HERE / "dev.txt")


def _needs(folder: Path) -> list[str]:
    project = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
    return [need for need in project["dependencies"] if not need.startswith("jidoka-")]


def _lines(path: Path) -> list[str]:
    return [line for line in path.read_text().splitlines() if line and not line.startswith("#")]


def _compile(needs: list[str], target: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        wanted, locked = Path(folder) / "wanted.in", Path(folder) / "locked.txt"
        wanted.write_text("\n".join(needs))
        if target.exists() and not os.environ.get("LOCK_UPGRADE"):
            shutil.copy(target, locked)
        options = ["--generate-hashes", "--universal", "--python-version", "3.11", "--no-emit-index-url", "--no-header"]
        command = [sys.executable, "-m", "uv", "pip", "compile", "--quiet", *options, "--no-annotate", str(wanted)]
        done = subprocess.run([*command, "--output-file", str(locked)], check=False, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"{target.name}: {done.stderr}")
        lines = locked.read_text()
    text = re.sub(r"^(--(index|extra-index|find-links)|# written by).*\n", "", lines, flags=re.MULTILINE)
    target.write_text(f"# written by `make lock`\n{text}")
    print(f"{target.name}: {text.count('==')} packages")


if __name__ == "__main__":
    main()
