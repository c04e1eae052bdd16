"""The backup's commands for the stack of `make run`: `once`, `drill [NAME]`, `replace FILE`, `list`.

Finds that stack's data folder as `make run` does (JIDOKA_DATA, DATABASE_PORT); dumps lie in its folder `backups`.
"""

import json
import os
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "local")]

import main  # noqa: E402 - the folders above hold them
import places  # noqa: E402


def run() -> None:
    """Sets what the container has in its environment, then does as the container does."""
    data = Path(os.environ.get("JIDOKA_DATA") or places.default_data()).resolve()
    secrets = data / "secrets.json"
    if not secrets.exists():
        sys.exit(f"backup: no stack has run in {data}; set JIDOKA_DATA, or use the compose file's backup service")
    password = json.loads(secrets.read_text(encoding="utf-8"))["postgres"]
    port = os.environ.get("DATABASE_PORT", str(places.PORTS["DATABASE_PORT"]))
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    folder = Path(os.environ.get("BACKUP_DIR") or data / "backups")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", encoding="utf-8") as url:
        url.write(f"postgresql://postgres:{password}@127.0.0.1:{port}/jidoka")
        url.flush()
        os.environ |= {"DATABASE_URL_FILE": url.name, "BACKUP_DIR": str(folder)}
        if programs:
            os.environ["PATH"] = f"{programs[-1]}:{os.environ['PATH']}"
        main.main()


if __name__ == "__main__":
    run()
