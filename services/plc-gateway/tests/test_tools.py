"""`browse` and `check`, as a person at a terminal runs them."""

import socket
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from jidoka.plc_gateway import browse, check
from jidoka.runtime.errors import ConfigError

FILE = """
site = "demo"
line = "line1"
[[plc]]
name = "plc1"
host = "127.0.0.1:{port}"
[[plc.group]]
name = "critical"
tags = ["Line.State", "Process.Zone"]
[[station]]
name = "AOI1"
plc = "plc1"
tag = "AOI1"
[[station.camera]]
name = "top"
"""


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "jidoka.plc_gateway", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def line(rig: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "line.toml"
    path.write_text(FILE.format(port=rig.server.port))
    monkeypatch.setenv("LINE_FILE", str(path))
    return path


def test_browse_prints_a_piece_of_line_toml(rig: Any) -> None:
    done = run("browse", f"127.0.0.1:{rig.server.port}/0")
    assert (done.returncode, done.stderr) == (0, "")
    (plc,) = tomllib.loads(done.stdout)["plc"]
    tags = plc["group"][0]["tags"]
    assert {"Line.Speed", "Process.Zone", "Program:MainProgram.Step", "AOI1.Part.Serial"} <= set(tags)
    assert "# AOI1.Parts: Part_T[16]" in done.stdout


@pytest.mark.parametrize("arguments", [["127.0.0.1:1"], ["127.0.0.1/x"], []])
def test_browse_of_nobody_is_a_readable_error(arguments: list[str]) -> None:
    with pytest.raises(ConfigError, match="browse"):
        browse.main(arguments)


def test_check_finds_nothing_wrong(line: Path, capsys: pytest.CaptureFixture[str]) -> None:
    check.main([])
    assert capsys.readouterr().out == f"{line}: 1 PLC, 1 groups: all tags are there\n"


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (
            '"Line.State"',
            '"Line.Stat"',
            "group[0].tags: Line.Stat: the controller has no Line.Stat; close to it",
        ),
        ('tag = "AOI1"', 'tag = "AOI7"', "station of plc plc1: AOI7.Counter"),
        ('name = "critical"', 'name = "critical"\nperiod_ms = 0', "plc[0].group[0].period_ms = 0"),
        ("[[plc.group]]", "slot = 3\n[[plc.group]]", "plc[0].slot = 3: no module answers in this slot"),
        ('"Line.State"', '{name = "Line.State", type = "REAL"}', "type = 'REAL', but it is DINT"),
    ],
)
def test_check_names_file_key_and_value(line: Path, old: str, new: str, says: str) -> None:
    line.write_text(line.read_text().replace(old, new))
    with pytest.raises(ConfigError) as error:
        check.main([])
    assert str(error.value).startswith(f"{line}: ")
    assert says in str(error.value)


def test_check_against_a_host_of_its_own(line: Path) -> None:
    with pytest.raises(ConfigError, match=r"plc\[0\]\.host = '127.0.0.1:1'"):
        check.main(["127.0.0.1:1"])


def test_a_mistake_ends_the_service_with_one_line_and_status_2(line: Path) -> None:
    line.write_text(line.read_text().replace('tag = "AOI1"', 'tga = "AOI1"'))
    done = run()
    assert done.returncode == 2
    assert done.stderr == f"configuration: {line}: station[0].tag is missing\n"


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('host = "127.0.0.1', 'host = "no host', "plc[0].host = 'no host"),
        ('name = "critical"', 'name = "critical"\nperiod_ms = 3', "plc[0].group[0].period_ms = 3: "),
        ("[[plc.group]]", "slot = 3\n[[plc.group]]", "plc plc1: slot = 3: no module answers"),
        ('"Line.State"', '"Line.Stat"', "plc plc1, group critical: tags: Line.Stat: the controller has no Line.Stat"),
        ('"Line.State"', '{name = "Line.State", type = "REAL"}', "Line.State: type = 'REAL', but it is DINT"),
        (
            '"Line.State"',
            '{name = "Line", range = [0, 1]}',
            "Line: range = [0.0, 1.0], but Line_T is no type of number",
        ),
        ('tag = "AOI1"', 'tag = "AOI7"', "plc plc1: the PLC contract (docs/plc-contract.md) is not met: AOI7.Counter"),
        (
            "[[station]]",
            '[[alarm]]\ncode = "c"\ntag = "X"\nvalue = 1\nmessage = "m"\n[[station]]',
            "alarm[0].tag = 'X'",
        ),
    ],
)
def test_every_wrong_setting_ends_the_service_with_one_line_that_names_the_file(
    line: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: str, new: str, says: str
) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setenv("HTTP_PORT", "0")
    monkeypatch.setenv("MQTT_PORT", "1")
    text = line.read_text()
    assert old in text
    line.write_text(text.replace(old, new, 1))
    done = run()
    assert done.returncode == 2, done.stderr
    said = [row for row in done.stderr.splitlines() if row.startswith("configuration: ")]
    assert len(said) == 1
    assert said[0].startswith(f"configuration: {line}: ")
    assert says in said[0]


def test_a_host_that_no_name_server_knows_is_named(line: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(_: str) -> str:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "gethostbyname", unknown)
    line.write_text(line.read_text().replace("127.0.0.1:", "plc-hall-7:"))
    with pytest.raises(ConfigError, match=r"plc\[0\]\.host = 'plc-hall-7:\d+': there is no host of this name"):
        check.main([])


def test_an_unknown_verb_says_what_there_is() -> None:
    done = run("dance")
    assert done.returncode == 2
    assert done.stderr.startswith("usage:")
