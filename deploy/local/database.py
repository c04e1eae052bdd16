"""A PostgreSQL cluster of the local stack's own."""

import os
import pwd
import shutil
import subprocess
from pathlib import Path

from places import Places, StackError

_CONFIG = """
listen_addresses = '127.0.0.1'
unix_socket_directories = '{sockets}'
max_connections = 60
max_locks_per_transaction = 256
shared_buffers = '256MB'
log_min_messages = 'warning'
"""


def programs() -> Path:
    """The folder of the newest installed PostgreSQL's programs. Raises StackError when there is none from 15 on."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name), reverse=True)
    if not found or int(found[0].parent.name) < 15:
        raise StackError("PostgreSQL 15 or newer is not installed below /usr/lib/postgresql")
    return found[0]


def has_timescaledb() -> bool:
    """Whether that PostgreSQL has TimescaleDB."""
    return Path(f"/usr/share/postgresql/{programs().parent.name}/extension/timescaledb.control").exists()


def prepare(places: Places, password: str) -> Path:
    """Makes the cluster on the first start; returns its folder."""
    cluster, sockets = places.data / "postgres", places.folder("sockets")
    if not (cluster / "PG_VERSION").exists():
        shutil.rmtree(cluster, ignore_errors=True)
        cluster.mkdir(parents=True)
        secret = places.data / "postgres.password"
        secret.write_text(password)
        _hand_over(cluster, sockets, secret)
        command = [programs() / "initdb", "-D", cluster, "-U", "postgres", "--auth=scram-sha-256", "-E", "UTF8"]
        done = subprocess.run(
            [*as_owner(), *map(str, command), "--locale=C.UTF-8", f"--pwfile={secret}"],
            check=False,
            capture_output=True,
            text=True,
        )
        secret.unlink()
        if done.returncode:
            raise StackError(f"initdb failed: {done.stderr.strip()}")
        with (cluster / "postgresql.conf").open("a") as file:
            file.write("include 'jidoka.conf'\n")
    config = _CONFIG.format(sockets=sockets)
    if has_timescaledb():
        config += "shared_preload_libraries = 'timescaledb'\ntimescaledb.telemetry_level = 'off'\n"
    (cluster / "jidoka.conf").write_text(config)
    _hand_over(cluster, sockets)
    return cluster


def as_owner() -> list[str]:
    """What stands before a command so that it runs as the cluster's owner: PostgreSQL refuses to run as root."""
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"] if os.geteuid() == 0 else []


def _hand_over(*paths: Path) -> None:
    if os.geteuid() == 0:
        owner = pwd.getpwnam("postgres")
        for path in paths:
            os.chown(path, owner.pw_uid, owner.pw_gid)
            for below in path.rglob("*") if path.is_dir() else ():
                os.chown(below, owner.pw_uid, owner.pw_gid)
    for path in paths:
        if path.name == "postgres":
            path.chmod(0o700)
