"""Serves /metrics about what has none of its own: broker, database, disks, certificates."""

import os
import signal
import threading
from pathlib import Path

from broker import BrokerFigures
from certificates import CertificateFigures
from database import DatabaseFigures
from disks import DiskFigures
from prometheus_client import REGISTRY, start_http_server


def main() -> None:
    """Until a signal."""
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    broker = BrokerFigures(
        os.environ["MQTT_HOST"],
        int(os.environ.get("MQTT_PORT") or 8883),
        os.environ["MQTT_USERNAME"],
        secret("MQTT_PASSWORD"),
        os.environ["MQTT_CA_FILE"],
    )
    REGISTRY.register(broker)
    REGISTRY.register(DatabaseFigures(secret("DATABASE_URL")))
    REGISTRY.register(CertificateFigures(os.environ.get("CERTIFICATES", "")))
    REGISTRY.register(DiskFigures(Path(os.environ.get("DISKS_DIR") or "/disks")))
    start_http_server(int(os.environ.get("HTTP_PORT") or 9100))
    with broker:
        ended.wait()


def secret(name: str) -> str:
    """The text of the file that NAME_FILE names."""
    return Path(os.environ[f"{name}_FILE"]).read_text(encoding="utf-8").strip()


if __name__ == "__main__":
    main()
