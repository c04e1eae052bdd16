"""`make run`: the whole line on one machine, without containers, until Ctrl-C."""

import json
import os
import re
import secrets
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import logins
import programs
from places import Places, StackError, places

_PATIENCE_S = 240


def main() -> int:
    """Starts the stack, says where it is, and waits for its end; returns the exit status."""
    try:
        here = places()
        kept = _secrets(here.data)
        config = programs.supervisor(here, programs.stack(here, kept))
    except StackError as error:
        print(f"jidoka: {error}", file=sys.stderr)
        return 1
    _log_of_runner(here).touch()
    begun = _log_of_runner(here).stat().st_size
    runner = subprocess.Popen([sys.executable, "-m", "supervisor.supervisord", "-n", "-c", str(config)])
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: runner.send_signal(signal.SIGTERM))
    try:
        logins.make(here, kept)
        _announce(here, runner, begun)
    except StackError as error:
        print(f"jidoka: {error}", file=sys.stderr)
        runner.send_signal(signal.SIGTERM)
        runner.wait()
        return 1
    runner.wait()
    return 0


def _secrets(data: Path) -> dict[str, str]:
    """Random on the first start, then the same; one that is there stays."""
    path = data / "secrets.json"
    path.touch(mode=0o600)
    kept: dict[str, str] = json.loads(path.read_text() or "{}")
    missing = {"postgres", "jidoka", "jidoka_api", "jwt"} - kept.keys()
    if missing:
        kept |= {name: secrets.token_hex(32) for name in missing}
        path.write_text(json.dumps(kept))
    return kept


def _announce(here: Places, runner: subprocess.Popen[bytes], begun: int) -> None:
    address = f"http://localhost:{here.ports['API_PORT']}"
    deadline = time.monotonic() + _PATIENCE_S
    while runner.poll() is None:
        if _verdicts(address):
            print(f"Jidoka runs at {address} - log in as operator with password operator; Ctrl-C stops it", flush=True)
            return
        if refusal := _refusal(here, begun):
            raise StackError(refusal)
        if time.monotonic() > deadline:
            raise StackError(f"no verdict after {_PATIENCE_S} s; the logs are in {here.data / 'logs'}")
        time.sleep(0.3)


def _log_of_runner(here: Places) -> Path:
    return here.folder("logs") / "supervisord.log"


def _refusal(here: Places, begun: int) -> str | None:
    """What a service says that ended with status 2, which means a wrong setting; `begun` is where to read from."""
    with _log_of_runner(here).open(encoding="utf-8") as log:
        log.seek(begun)
        ended = re.search(r"exited: (\S+) \(exit status 2;", log.read())
    if ended is None:
        return None
    said = (here.folder("logs") / f"{ended[1]}.log").read_text(encoding="utf-8").splitlines()
    return f"{ended[1]}: {said[-1] if said else 'ended with status 2'}"


def _verdicts(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/api/v1/parts?limit=20", timeout=3) as answer:  # noqa: S310 - loopback
            return any(part["result"] for part in json.load(answer)["items"])
    except (OSError, urllib.error.URLError, ValueError):
        return False


if __name__ == "__main__":
    os.chdir(Path(__file__).resolve().parents[2])
    sys.exit(main())
