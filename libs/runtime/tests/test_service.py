"""A running service: health over HTTP, signals, patience, exit codes."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from urllib.error import HTTPError

import pytest
from structlog.testing import capture_logs

from jidoka.runtime import service as service_module
from jidoka.runtime.errors import ConfigError, TransientError
from jidoka.runtime.service import Service
from jidoka.runtime.settings import Settings


@pytest.fixture
def service() -> Iterator[Service]:
    with Service("example", Settings(http_port=0), version="1.2.3") as running:
        yield running


def get(service: Service, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{service.http_port}{path}", timeout=5) as answer:
            return answer.status, answer.read().decode()
    except HTTPError as error:
        return error.code, error.read().decode()


class Threads:
    def __init__(self) -> None:
        self.runs = True
        self.reason: str | None = None

    def alive(self) -> bool:
        return self.runs

    def trouble(self) -> str | None:
        return self.reason


def test_a_healthy_service_says_so(service: Service) -> None:
    service.check("database", lambda: None)
    assert get(service, "/healthz") == (200, '{"ok": true, "errors": {}}')
    assert get(service, "/readyz")[0] == 200
    assert get(service, "/nowhere")[0] == 404
    status, text = get(service, "/metrics")
    assert status == 200
    assert "# TYPE python_info gauge" in text


def test_readyz_names_what_is_wrong_and_healthz_does_not_care(service: Service) -> None:
    bus = Threads()
    service.watch("bus", bus)
    service.check("database", lambda: "connection refused")
    bus.reason = "broker 127.0.0.1:1883: connection refused"
    status, text = get(service, "/readyz")
    assert status == 503
    assert json.loads(text)["errors"] == {"database": "connection refused", "bus": bus.reason}
    assert get(service, "/healthz")[0] == 200


def test_healthz_fails_when_a_thread_is_dead_or_the_loop_stalls(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    bus = Threads()
    service.watch("bus", bus)
    bus.runs = False
    assert json.loads(get(service, "/healthz")[1])["errors"] == {"bus": "its thread is dead"}
    bus.runs = True
    assert service.alive()
    monkeypatch.setattr(service_module, "STALLED_AFTER_S", 0.0)
    status, text = get(service, "/healthz")
    assert status == 503
    assert "has not come round" in text


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_loop_and_a_wait_at_once(service: Service, number: signal.Signals) -> None:
    assert service.alive()
    threading.Timer(0.05, os.kill, (os.getpid(), number)).start()
    began = time.monotonic()
    assert not service.wait(30)
    assert not service.alive()
    assert time.monotonic() - began < 10


def test_another_thread_may_stop_it(service: Service) -> None:
    threading.Timer(0.05, service.stop).start()
    assert not service.wait(30)


def test_the_old_signal_handlers_are_put_back() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with Service("example", Settings(http_port=0)):
        assert signal.getsignal(signal.SIGTERM) != before
    assert signal.getsignal(signal.SIGTERM) == before


def test_a_port_in_use_is_a_configuration_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        service = Service("x", Settings(http_port=port))
        with pytest.raises(ConfigError, match=f"HTTP_PORT={port}: cannot listen"):
            service.__enter__()


def test_patience_waits_out_an_outage_and_logs_its_begin_and_end_once(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []
    monkeypatch.setattr(service, "wait", waited.append)
    rounds = 0
    with capture_logs() as lines:
        while rounds < 9:
            with service.patience("database"):
                rounds += 1
                if rounds < 8:
                    raise TransientError("connection refused")
    assert len(waited) == 7
    assert 0.3 < waited[0] < 0.7
    assert waited[0] < waited[2] < waited[4]
    assert max(waited) < 13
    told = [(line["event"], line.get("reason")) for line in lines]
    assert told == [("waiting", "connection refused"), ("recovered", None)]


def test_patience_has_none_for_bugs(service: Service) -> None:
    with pytest.raises(KeyError), service.patience():
        raise KeyError("bug")


def run_program(body: str) -> subprocess.CompletedProcess[str]:
    program = f"from jidoka.runtime.service import *\nfrom jidoka.runtime.settings import *\n{body}\nrun(main)"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False, env=environment
    )


def test_a_configuration_error_is_one_line_and_exit_code_2() -> None:
    done = run_program("def main():\n    raise ConfigError('LINE_FILE: no')")
    assert (done.returncode, done.stderr, done.stdout) == (2, "configuration: LINE_FILE: no\n", "")


def test_the_effective_settings_are_logged_with_secrets_masked() -> None:
    done = run_program(
        "def main():\n    with Service('x', Settings(mqtt_password='hush', http_port=0), version='7'): pass"
    )
    first = json.loads(done.stderr.splitlines()[0])
    assert (done.returncode, first["event"], first["service"], first["version"]) == (0, "started", "x", "7")
    assert first["settings"]["mqtt_password"] == "***"
    assert "hush" not in done.stderr
