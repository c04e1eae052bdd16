"""What the API does not start with."""

import os
import subprocess
import sys
from typing import Any

import pytest

from jidoka.api.line import load_line
from jidoka.api.rates import RateLimit
from jidoka.api.settings import ApiSettings, check
from jidoka.runtime.errors import ConfigError
from jidoka.runtime.settings import load_settings

SAFE = {"MODE": "live", "JWT_SECRET": "6f1a9c0d4e7b2835" * 4, "DATABASE_URL": "postgresql://x@y/z"}


def start() -> None:
    """What is checked before anything is opened."""
    settings = load_settings(ApiSettings)
    check(settings)
    RateLimit("API_RATE_LIMIT", settings.api_rate_limit)
    load_line(settings.line_file)


@pytest.mark.parametrize(
    ("environment", "complaint"),
    [
        ({"JWT_SECRET": ""}, "JWT_SECRET is not set"),
        ({"JWT_SECRET": "short"}, "JWT_SECRET is shorter than 32 bytes"),
        ({"JWT_SECRET": "changeme" * 8}, "JWT_SECRET is a default or can be guessed"),
        ({"JWT_SECRET": "a" * 64}, "JWT_SECRET is a default or can be guessed"),
        ({"JWT_SECRET_PREVIOUS": "short"}, "JWT_SECRET_PREVIOUS is shorter than 32 bytes"),
        ({"DEMO_USERS": "operator:operator"}, "DEMO_USERS is for MODE=sim only"),
        ({"MODE": "sim", "DEMO_USERS": "operator"}, "DEMO_USERS is not a list"),
        ({"DATABASE_URL": ""}, "DATABASE_URL is not set"),
        ({"API_RATE_LIMIT": "often"}, "API_RATE_LIMIT='often' is not a limit"),
        ({"LINE_FILE": "no/such/line.toml"}, "no/such/line.toml"),
        ({"OIDC_ISSUER": "https://id.example"}, "OIDC_AUDIENCE is not set"),
        ({"OIDC_ISSUER": "file:///etc/passwd"}, "OIDC_ISSUER"),
        ({"REDIS_URL": "http://127.0.0.1"}, "REDIS_URL does not begin with redis://"),
    ],
)
def test_what_is_unsafe_is_named(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], complaint: str) -> None:
    for name, value in {**SAFE, **environment}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError) as refused:
        start()
    assert complaint in str(refused.value)


def test_a_zone_that_is_none_is_named(tmp_path: Any) -> None:
    path = tmp_path / "line.toml"
    path.write_text('site = "a"\nline = "b"\ntimezone = "Europe/Nowhere"\n')
    with pytest.raises(ConfigError) as refused:
        load_line(path)
    assert "timezone: 'Europe/Nowhere'" in str(refused.value)


@pytest.mark.parametrize(
    ("tables", "complaint"),
    [
        ('[[target]]\nstation = "X"\ncycle_ms = 1', "target.station = 'X': there is no such station"),
        ('[[target]]\nstation = "X"\ncycle_ms = 0', "cycle_ms"),
        ('[[shift]]\nname = "a"\nstart = "25:00"', "shift[0].start"),
        ('[[shift]]\nname = "a"\nstart = "06:00"\n[[shift]]\nname = "b"\nstart = "06:00"', "start at the same time"),
        ('[[shift]]\nname = "a"\nstart = "06:00"\ndays = ["someday"]', "days"),
    ],
)
def test_shifts_and_targets_that_make_no_sense_are_named(tmp_path: Any, tables: str, complaint: str) -> None:
    path = tmp_path / "line.toml"
    path.write_text(f'site = "a"\nline = "b"\n{tables}\n')
    with pytest.raises(ConfigError) as refused:
        load_line(path)
    assert complaint in str(refused.value)


def test_the_process_says_it_in_one_line() -> None:
    environment = {**os.environ, **SAFE, "JWT_SECRET": "short"}
    command = [sys.executable, "-m", "jidoka.api"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert done.stderr.strip().splitlines() == ["configuration: JWT_SECRET is shorter than 32 bytes"]
