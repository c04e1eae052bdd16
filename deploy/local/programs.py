"""The programs of the local stack, in the order in which they start; they stop in reverse."""

import configparser
import os
import shlex
import sys
from dataclasses import dataclass, field
from pathlib import Path

import broker
import cache
import database
from places import ROOT, Places


@dataclass(frozen=True, slots=True)
class Program:
    """One program under the process runner."""

    name: str
    command: list[str]
    environment: dict[str, str] = field(default_factory=dict)
    stop_signal: str = "TERM"


def stack(places: Places, secrets: dict[str, str]) -> list[Program]:
    """Broker, database, Redis, simulator and services; without the first two when they are given."""
    servers = [] if places.given else [Program("mosquitto", broker.prepare(places)), _postgres(places, secrets)]
    redis = cache.prepare(places)
    if redis:
        servers.append(Program("redis", redis))
    return [
        *servers,
        Program("simulator", _python("simulator"), _simulator(places)),
        Program("historian", _python("historian"), _service(places, "historian", _database(places, secrets))),
        Program("inference", _python("inference"), _service(places, "inference")),
        Program("vision-gateway", _python("vision_gateway"), _service(places, "vision-gateway")),
        Program("plc-gateway", _python("plc_gateway"), _service(places, "plc-gateway")),
        Program("api", _python("api"), _service(places, "api", _api(places, secrets, cached=bool(redis)))),
    ]


def _postgres(places: Places, secrets: dict[str, str]) -> Program:
    cluster = database.prepare(places, secrets["postgres"])
    command = [*database.as_owner(), str(database.programs() / "postgres"), "-D", str(cluster)]
    return Program("postgres", [*command, "-p", str(places.ports["DATABASE_PORT"])], stop_signal="INT")


def supervisor(places: Places, programs: list[Program]) -> Path:
    """Writes the process runner's configuration; returns its path."""
    config = configparser.RawConfigParser()
    logs = places.folder("logs")
    config["supervisord"] = {
        "nodaemon": "true",
        "silent": "true",
        "logfile": str(logs / "supervisord.log"),
        "pidfile": str(places.data / "supervisord.pid"),
        "childlogdir": str(logs),
        "minfds": "1024",
    }
    config["unix_http_server"] = {"file": str(places.data / "supervisor.sock"), "chmod": "0700"}
    config["rpcinterface:supervisor"] = {
        "supervisor.rpcinterface_factory": "supervisor.rpcinterface:make_main_rpcinterface"
    }
    config["supervisorctl"] = {"serverurl": f"unix://{places.data / 'supervisor.sock'}"}
    for priority, program in enumerate(programs, start=1):
        config[f"program:{program.name}"] = _section(places, program, priority)
    path = places.data / "supervisord.conf"
    with path.open("w") as file:
        config.write(file)
    path.chmod(0o600)
    return path


def _section(places: Places, program: Program, priority: int) -> dict[str, str]:
    environment = ",".join(f'{name}="{value.replace("%", "%%")}"' for name, value in program.environment.items())
    return {
        "command": shlex.join(program.command).replace("%", "%%"),
        "directory": str(ROOT),
        "environment": environment,
        "priority": str(priority),
        "autorestart": "true",
        "startsecs": "1",
        "startretries": "1000000",
        "stopsignal": program.stop_signal,
        "stopwaitsecs": "15",
        "stdout_logfile": str(places.folder("logs") / f"{program.name}.log"),
        "stdout_logfile_maxbytes": "20MB",
        "stdout_logfile_backups": "2",
        "redirect_stderr": "true",
    }


def _python(package: str) -> list[str]:
    return [sys.executable, "-m", f"jidoka.{package}"]


def _service(places: Places, name: str, more: dict[str, str] | None = None) -> dict[str, str]:
    return {
        "MODE": "sim",
        "DATA_DIR": str(places.folder("services")),
        "MQTT_HOST": "127.0.0.1",
        "MQTT_PORT": str(places.ports["MQTT_PORT"]),
        "HTTP_PORT": str(places.ports.get(f"{name.upper().replace('-', '_')}_HTTP_PORT", 0)),
        "LINE_FILE": str(_line_file(places)),
        **(more or {}),
    }


def _line_file(places: Places) -> Path:
    """The demo's `line.toml`, or the one that LINE_FILE names, with this stack's ports in it."""
    text = Path(os.environ.get("LINE_FILE", ROOT / "deploy/config/line.toml")).read_text(encoding="utf-8")
    text = text.replace("127.0.0.1:44818", f"127.0.0.1:{places.ports['SIM_PLC_PORT']}")
    text = text.replace("127.0.0.1:9106", f"127.0.0.1:{places.ports['SIM_CONTROL_PORT']}")
    path = places.data / "line.toml"
    path.write_text(text, encoding="utf-8")
    return path


def _simulator(places: Places) -> dict[str, str]:
    ports = {name: str(places.ports[name]) for name in ("SIM_PLC_PORT", "SIM_CONTROL_PORT")}
    return _service(places, "simulator", ports)


def _database(places: Places, secrets: dict[str, str]) -> dict[str, str]:
    return {"DATABASE_URL": _url(places, "jidoka", secrets["jidoka"])}


def _api(places: Places, secrets: dict[str, str], *, cached: bool) -> dict[str, str]:
    return {
        **({"REDIS_URL": cache.url(places)} if cached else {}),
        "DATABASE_URL": _url(places, "jidoka_api", secrets["jidoka_api"]),
        "API_PORT": str(places.ports["API_PORT"]),
        "JWT_SECRET": secrets["jwt"],
        "DEMO_USERS": "viewer:viewer,operator:operator,engineer:engineer,admin:admin",
    }


def _url(places: Places, user: str, password: str) -> str:
    return f"postgresql://{user}:{password}@127.0.0.1:{places.ports['DATABASE_PORT']}/jidoka"
