"""`make bench`: runs every benchmark, or those named on the command line."""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
BENCHES = ("ingest", "backlog", "pipeline", "verdict", "scan", "capture", "query", "read", "fanout", "page")


def main() -> int:
    """Each benchmark in a process of its own; the number of those that failed."""
    names = sys.argv[1:] or BENCHES
    failed = 0
    for name in names:
        if name not in BENCHES:
            sys.exit(f"no benchmark {name}; there are {', '.join(BENCHES)}")
        failed += subprocess.run([sys.executable, str(HERE / f"{name}.py")], check=False).returncode != 0
    return failed


if __name__ == "__main__":
    sys.exit(main())
