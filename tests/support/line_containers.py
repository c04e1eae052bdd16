"""Broker and database of a line under test in containers of the images that the plant runs."""

import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from engine import images
from testcontainers.core.config import testcontainers_config
from testcontainers.core.container import DockerContainer

SHARED = Path(__file__).resolve().parents[2] / "deploy" / "local" / "mosquitto.conf"
LIMITS = {"max_connections": "60", "max_locks_per_transaction": "256", "shared_buffers": "256MB"}


class Containers:
    """The programs `mosquitto` and `postgres`, by the names that they have under the local stack's runner."""

    def __init__(self, found: dict[str, DockerContainer], password: str) -> None:
        self._found = found
        self.password = password

    def __contains__(self, program: str) -> bool:
        return program in self._found

    def pid(self, program: str) -> int:
        """The process id on this machine, 0 while it does not run."""
        container = self._found[program].get_wrapped_container()
        container.reload()
        return int(container.attrs["State"]["Pid"])

    def kill(self, *programs: str) -> None:
        """`kill -9`, all of them before the first is started again on its volume and port."""
        containers = [self._found[program].get_wrapped_container() for program in programs]
        for container in containers:
            container.kill("SIGKILL")
        for container in containers:
            container.wait(timeout=30)
            container.start()

    def logs(self) -> str:
        """The end of what each wrote."""
        tails = {name: one.get_wrapped_container().logs(tail=40).decode() for name, one in self._found.items()}
        return "\n".join(f"--- {name}\n{tail}" for name, tail in tails.items())


@contextmanager
def containers(data: Path, mqtt_port: int, database_port: int) -> Iterator[Containers]:
    """Both, on these ports of the loopback interface; gone afterwards with their volumes."""
    testcontainers_config.ryuk_disabled = True  # it would be one more image; what is started here is removed here
    config = data / "broker.conf"
    config.write_text(f"listener 1883\npersistence_location /mosquitto/data/\n{SHARED.read_text()}")
    config.chmod(0o644)
    broker = _published(images()["broker"], 1883, mqtt_port)
    broker.with_volume_mapping(config, "/mosquitto/config/mosquitto.conf", "ro")
    password = secrets.token_hex(32)
    database = _published(images()["database"], 5432, database_port)
    database.with_envs(POSTGRES_USER="postgres", POSTGRES_PASSWORD=password)
    database.with_command(["postgres", *(part for name, value in LIMITS.items() for part in ("-c", f"{name}={value}"))])
    database.with_kwargs(shm_size="256m")
    with ExitStack() as stack:
        found = {"mosquitto": stack.enter_context(broker), "postgres": stack.enter_context(database)}
        yield Containers(found, password)


def _published(image: str, port: int, here: int) -> DockerContainer:
    container = DockerContainer(image)
    ports: dict[str, Any] = container.ports
    ports[f"{port}/tcp"] = ("127.0.0.1", here)
    return container
