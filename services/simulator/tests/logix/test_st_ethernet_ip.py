"""Unmodified st-ethernet-ip (Node.js), installed from its lock file into a temporary folder."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from jidoka.simulator.logix import Controller, Server

HERE = Path(__file__).parent / "node"


def exchange(folder: Path, server: Server, mode: str) -> dict[str, Any]:
    """What the client read, or an AssertionError with what it printed."""
    command = ["node", str(HERE / "client.cjs"), str(server.port), mode]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    seen: dict[str, Any] = json.loads(done.stdout)
    return seen


@pytest.mark.parametrize("mode", ["connected", "unconnected"])
def test_every_kind_is_written_and_read(new_plc: Controller, new_server: Server, node_client: Path, mode: str) -> None:
    seen = exchange(node_client, new_server, mode)

    assert (seen["name"], seen["version"], seen["faulted"]) == ("1756-L83E SIM", "33.11", False)
    assert {"Many", "AOI1", "Step", "Local"} <= set(seen["tags"])
    for path, value in {"OneBOOL": True, "OneSINT": -3, "OneINT": -300, "OneDINT": 70_000, "OneLINT": 5}.items():
        assert seen[path] == new_plc.memory.get(path) == value
    assert seen["OneREAL"] == new_plc.memory.get("OneREAL") == 1.5
    assert seen["Text"] == new_plc.memory.get("Text") == "abc"
    assert seen["Step"] == new_plc.memory.get("Program:MainProgram.Step") == 5
    assert seen["AOI1"]["Parts"][3]["Serial"] == new_plc.memory.get("AOI1.Parts[3].Serial") == "SN-3"
    assert new_plc.memory.get("AOI1.Parts[3].Bad") is True
    assert seen["AOI1"]["Counter"] == new_plc.memory.get("AOI1.Counter") == 77
    assert seen["Many"] == 5000
