"""The one-shot setup: it makes what is missing, keeps what is there, and renews what is asked for."""

import os
import subprocess
import sys
from pathlib import Path

import pytest


class Setup:
    """deploy/setup on a folder."""

    def __init__(self, deploy: Path, folder: Path) -> None:
        self._program, self.folder = deploy / "setup" / "main.py", folder

    def run(self, *arguments: str, host: str = "line1.plant") -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "SECRETS_DIR": str(self.folder), "EDGE_NAME": host, "PYTHONDONTWRITEBYTECODE": "1"}
        command = [sys.executable, str(self._program), *arguments]
        return subprocess.run(command, check=False, env=environment, capture_output=True, text=True)

    def files(self) -> dict[str, str]:
        found = (path for path in sorted(self.folder.rglob("*")) if path.is_file())
        return {str(path.relative_to(self.folder)): path.read_text() for path in found}


@pytest.fixture
def setup(deploy: Path, tmp_path: Path) -> Setup:
    made = Setup(deploy, tmp_path / "secrets")
    done = made.run("make")
    assert done.returncode == 0, done.stderr
    return made


def test_every_reader_gets_its_own_secrets_and_no_other(setup: Setup) -> None:
    files = setup.files()
    assert files["api/mqtt_password"] != files["inference/mqtt_password"]
    assert files["historian/database_url"].startswith("postgresql://jidoka:")
    assert files["api/database_url"].startswith("postgresql://jidoka_api:")
    assert not any(name.endswith("ca.key") for name in files if not name.startswith("setup/"))
    modes = {path.stat().st_mode & 0o777 for path in setup.folder.rglob("*") if path.is_file()}
    assert modes == {0o440}


def test_no_two_installations_share_a_secret(setup: Setup, deploy: Path, tmp_path: Path) -> None:
    other = Setup(deploy, tmp_path / "other")
    other.run("make")
    shared = set(setup.files().values()) & set(other.files().values())
    assert not shared


def test_a_second_run_changes_nothing(setup: Setup) -> None:
    before = setup.files()
    assert setup.run("make").returncode == 0
    assert setup.files() == before


def test_renewing_a_password_changes_it_everywhere_and_nothing_else(setup: Setup) -> None:
    before = setup.files()
    assert setup.run("renew", "mqtt-api").returncode == 0
    after = setup.files()
    assert {name for name in after if after[name] != before[name]} == {
        "setup/mqtt-api",
        "api/mqtt_password",
        "broker/passwords",
    }
    lines = dict(line.split(":", 1) for line in before["broker/passwords"].splitlines())
    now = dict(line.split(":", 1) for line in after["broker/passwords"].splitlines())
    assert {login for login in now if now[login] != lines[login]} == {"api"}


def test_the_authority_cannot_be_renewed_by_mistake(setup: Setup) -> None:
    before = setup.files()
    assert setup.run("renew", "ca.key").returncode != 0
    assert setup.files() == before


def test_the_edges_certificate_is_good_for_its_name(setup: Setup) -> None:
    folder = setup.folder
    check = ["openssl", "verify", "-CAfile", str(folder / "setup/ca.crt"), "-verify_hostname"]
    good = {
        host: subprocess.run([*check, host, folder / "edge/tls.crt"], check=False, capture_output=True).returncode == 0
        for host in ("line1.plant", "localhost", "other.plant")
    }
    assert good == {"line1.plant": True, "localhost": True, "other.plant": False}


def test_another_name_gets_a_new_certificate_and_a_plants_own_one_stays(setup: Setup, tmp_path: Path) -> None:
    first = setup.files()["edge/tls.crt"]
    setup.run("make", host="line2.plant")
    assert setup.files()["edge/tls.crt"] != first
    own, key = tmp_path / "own.crt", tmp_path / "own.key"
    made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "90"]
    subprocess.run([*made, "-subj", "/CN=x", "-keyout", str(key), "-out", str(own)], check=True, capture_output=True)
    own.replace(setup.folder / "edge/tls.crt")
    own_text = setup.files()["edge/tls.crt"]
    setup.run("make", host="line3.plant")
    assert setup.files()["edge/tls.crt"] == own_text
