"""Where the local stack keeps its data and which ports it takes; the environment can change each of them."""

import hashlib
import os
import socket
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PORTS = {
    "MQTT_PORT": 18830,
    "DATABASE_PORT": 15432,
    "REDIS_PORT": 16379,
    "API_PORT": 4000,
    "SIM_PLC_PORT": 44818,
    "SIM_CONTROL_PORT": 9106,
    "PLC_GATEWAY_HTTP_PORT": 9101,
    "VISION_GATEWAY_HTTP_PORT": 9102,
    "INFERENCE_HTTP_PORT": 9103,
    "HISTORIAN_HTTP_PORT": 9104,
    "SIMULATOR_HTTP_PORT": 9105,
}
SERVERS = {"MQTT_PORT", "DATABASE_PORT"}


class StackError(Exception):
    """The local stack cannot start; the text is for the person who typed the command."""


@dataclass(frozen=True, slots=True)
class Places:
    """Data folder and ports of one stack; `given`: somebody else runs the broker and the database on theirs."""

    data: Path
    ports: dict[str, int]
    given: bool = False

    def folder(self, name: str) -> Path:
        """A folder below the data folder, made when missing."""
        path = self.data / name
        path.mkdir(parents=True, exist_ok=True)
        return path


def places() -> Places:
    """From `JIDOKA_DATA`, `JIDOKA_SERVERS` (own or given) and the port variables.

    Raises StackError for a port that is no number or taken.
    """
    servers = os.environ.get("JIDOKA_SERVERS", "own")
    if servers not in ("own", "given"):
        raise StackError(f"JIDOKA_SERVERS={servers} is neither own nor given")
    given = servers == "given"
    ports = {}
    for name, default in PORTS.items():
        text = os.environ.get(name, str(default))
        if not text.isdigit() or not 0 < int(text) < 65536:
            raise StackError(f"{name}={text} is not a port")
        ports[name] = int(text)
    for name, port in ports.items():
        if not (given and name in SERVERS) and _taken(port):
            raise StackError(f"port {port} is in use; stop what listens there or set {name} to another port")
    data = Path(os.environ.get("JIDOKA_DATA") or default_data()).resolve()
    data.mkdir(parents=True, exist_ok=True)
    return Places(data, ports, given)


def default_data() -> Path:
    """Where a stack keeps its data when JIDOKA_DATA does not say."""
    if os.geteuid() == 0:  # PostgreSQL runs as another user then, who may not be able to enter this folder
        return Path("/var/lib/jidoka") / hashlib.sha256(str(ROOT).encode()).hexdigest()[:8]
    return ROOT / ".run"


def _taken(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False
