"""`serve` by schedule, `once`, `nightly` (once, then drill), `list`, `drill [NAME]`, `restore NAME DATABASE`,
`replace NAME`; NAME may be a file's path.
"""

import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from drill import drill
from dump import Dumps
from errors import BackupError
from restore import replace, restore
from schedule import Schedule
from serve import serve
from server import Server


def main() -> None:
    """Chooses by the first argument."""
    server = Server(Path(os.environ["DATABASE_URL_FILE"]).read_text(encoding="utf-8").strip())
    remote = os.environ.get("BACKUP_REMOTE") or None
    dumps = Dumps(
        Path(os.environ.get("BACKUP_DIR") or "/backups"), int(os.environ.get("BACKUP_RETENTION") or 30), remote
    )
    try:
        match sys.argv[1:]:
            case ["serve"]:
                serve(server, dumps, _schedule(), int(os.environ.get("HTTP_PORT") or 9100))
            case ["once"]:
                print(dumps.make(server, datetime.now(UTC)).name)
            case ["nightly"]:
                print(drill(server, dumps.make(server, datetime.now(UTC))))
            case ["list"]:
                for dump in dumps.all():
                    print(f"{dump.name}  {dump.size:>15,} bytes  {'good' if dump.whole() else 'DAMAGED'}")
            case ["drill", *names] if len(names) < 2:
                print(drill(server, dumps.find(names[0] if names else None)))
            case ["restore", name, database]:
                restore(server, dumps.find(name), database)
                print(f"{name} is in the database {database}")
            case ["replace", name]:
                old = replace(server, dumps.find(name))
                print(f"{name} is in the place of {server.database}" + (f"; what was there is {old}" if old else ""))
            case _:
                sys.exit("usage: serve | once | nightly | list | drill [NAME] | restore NAME DATABASE | replace NAME")
    except BackupError as error:
        sys.exit(f"backup: {error}")


def _schedule() -> Schedule | None:
    if os.environ.get("BACKUP_ENABLED", "true").lower() in ("false", "0", "no"):
        return None
    return Schedule(os.environ.get("BACKUP_SCHEDULE") or "15 2 * * *")


if __name__ == "__main__":
    main()
