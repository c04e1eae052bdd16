"""Passwords and certificates of an installation: `make` what is missing, `show NAME`, `renew NAME`."""

import os
import sys
from pathlib import Path

from certificates import Authority
from folder import Folder
from passwords import broker_line, broker_lines

SERVICES = ("plc-gateway", "vision-gateway", "inference", "historian", "api")
LOGINS = (*SERVICES, "exporter", "plant")
TRUSTING = (*SERVICES, "exporter")


def make(root: Path) -> None:
    """Writes what is missing. What a plant put in place itself (a certificate, say) stays."""
    kept = Folder(root / "setup")
    passwords = {login: kept.secret(f"mqtt-{login}") for login in LOGINS}
    for service in TRUSTING:
        Folder(root / service).put("mqtt_password", passwords[service])
    broker = Folder(root / "broker")
    before = broker_lines(broker.text("passwords"))
    broker.put("passwords", "".join(broker_line(login, text, before) for login, text in passwords.items()))
    _database(root, kept)
    _page(root, kept)
    authority = Authority(kept.path)
    authority.issue(root / "broker", "broker", ["broker"])
    authority.issue(root / "edge", "tls", [os.environ.get("EDGE_NAME") or "localhost", "localhost", "127.0.0.1"])
    for reader in (*TRUSTING, "edge"):
        Folder(root / reader).put("ca.crt", authority.certificate.read_text())


def _database(root: Path, kept: Folder) -> None:
    database = Folder(root / "database")
    passwords = {role: kept.secret(f"database-{role}") for role in ("postgres", "jidoka", "jidoka_api", "jidoka_watch")}
    for role, password in passwords.items():
        database.put(role, password)
    for role, reader, variable in (
        ("jidoka", "historian", "database_url"),
        ("jidoka_api", "api", "database_url"),
        ("jidoka_watch", "exporter", "database_url"),
        ("postgres", "backup", "database_url"),
    ):
        Folder(root / reader).put(variable, f"postgresql://{role}:{passwords[role]}@database:5432/jidoka")


def _page(root: Path, kept: Folder) -> None:
    api = Folder(root / "api")
    api.put("jwt_secret", kept.secret("jwt"))
    api.put("admin_password", kept.secret("admin"))
    api.put("redis_url", f"redis://:{kept.secret('redis')}@redis:6379/0")
    Folder(root / "redis").put("redis.conf", f"requirepass {kept.secret('redis')}\n")
    Folder(root / "vision-gateway").put("ftp_password", kept.secret("ftp"))
    Folder(root / "grafana").put("admin_password", kept.secret("grafana"))


def main() -> None:
    """Chooses by the first argument."""
    root = Path(os.environ.get("SECRETS_DIR") or "/secrets")
    match sys.argv[1:]:
        case ["make"]:
            make(root)
            print("secrets are in place")
        case ["show", name] if text := Folder(root / "setup").text(name):
            print(text)
        case ["renew", name] if Folder(root / "setup").drop(name):
            make(root)
            print(f"{name} is new; restart the services that use it")
        case _:
            names = ", ".join(sorted(path.name for path in (root / "setup").glob("*")))
            sys.exit(f"usage: make | show NAME | renew NAME; the names are {names}")


if __name__ == "__main__":
    main()
