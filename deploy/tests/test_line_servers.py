"""Containers or programs under the integration tests: no state of the container engine may fail or delay the choice."""

import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingMixIn, UnixStreamServer

import engine
import pytest


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No choice is remembered, before or after, and nobody is waited for."""
    monkeypatch.setattr(engine, "ANSWER_S", 1)
    monkeypatch.delenv("LINE_SERVERS", raising=False)
    for remembered in (engine.containers_wanted, engine.images):
        remembered.cache_clear()
    yield
    for remembered in (engine.containers_wanted, engine.images):
        remembered.cache_clear()


class Handler(BaseHTTPRequestHandler):
    """Says that it is an engine, and has no image."""

    def do_GET(self) -> None:
        known = self.path.endswith(("/_ping", "/version"))
        body = (
            b'{"ApiVersion": "1.44", "MinAPIVersion": "1.24", "Version": "28.0"}' if known else b'{"message": "none"}'
        )
        self.send_response(200 if known else 404)
        self.send_header("Api-Version", "1.44")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    do_HEAD = do_GET  # noqa: N815 - the name that http.server looks for

    def log_message(self, *_: object) -> None:
        pass

    def address_string(self) -> str:
        return "engine"


class Server(ThreadingMixIn, UnixStreamServer):
    daemon_threads = True


@pytest.fixture
def bare_engine(tmp_path: Path) -> Iterator[str]:
    """An engine without any image."""
    path = tmp_path / "engine.sock"
    with Server(str(path), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"unix://{path}"
        server.shutdown()


def test_the_images_are_those_that_compose_pins(monkeypatch: pytest.MonkeyPatch) -> None:
    assert engine.images()["broker"].startswith("eclipse-mosquitto:2.0.")
    assert engine.images()["database"].startswith("timescale/timescaledb:2.")
    engine.images.cache_clear()
    monkeypatch.setenv("MOSQUITTO_IMAGE", "mirror.example/mosquitto:1")
    assert engine.images()["broker"] == "mirror.example/mosquitto:1"


def test_without_an_engine_programs_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/nobody.sock")
    assert engine.containers_wanted() is False


def test_an_engine_that_hangs_is_not_waited_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(tmp_path / "silent.sock"))
        silent.listen()
        monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/silent.sock")
        assert engine.containers_wanted() is False


def test_an_engine_of_another_machine_does_not_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "tcp://192.0.2.1:2375")
    assert engine.containers_wanted() is False


def test_an_engine_that_cannot_get_the_images_does_not_do(monkeypatch: pytest.MonkeyPatch, bare_engine: str) -> None:
    monkeypatch.setenv("DOCKER_HOST", bare_engine)
    monkeypatch.setenv("MOSQUITTO_IMAGE", "127.0.0.1:9/nothing:1")  # nobody listens there
    assert engine.containers_wanted() is False


def test_containers_asked_for_and_not_to_be_had_are_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/nobody.sock")
    monkeypatch.setenv("LINE_SERVERS", "containers")
    with pytest.raises(pytest.UsageError, match="no container engine answers"):
        engine.containers_wanted()


def test_a_misspelt_choice_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINE_SERVERS", "podman")
    with pytest.raises(pytest.UsageError, match="LINE_SERVERS=podman"):
        engine.containers_wanted()
