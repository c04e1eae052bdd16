import tomllib
from typing import Any

import pytest

from jidoka.plc_gateway.line import read
from jidoka.runtime.errors import ConfigError

GOOD = """
[[plc]]
name = "plc1"
host = "10.0.0.1:44818"
[[plc.group]]
name = "critical"
tags = ["Line.State", {name = "Process.Temperature", type = "REAL", deadband = 0.5}, "Process.Zone[1]{2}"]
[[station]]
name = "AOI1"
plc = "plc1"
tag = "AOI1"
deadline_ms = 4000
[[station.camera]]
name = "top"
kind = "simulator"
url = "http://127.0.0.1/"
[[alarm]]
code = "hot"
tag = "Process.Temperature"
op = ">"
value = 60.0
hysteresis = 2.0
message = "{tag} is {value}, above {limit}"
"""


def table(text: str) -> dict[str, Any]:
    return tomllib.loads(text)


def test_a_good_file() -> None:
    line = read(table(GOOD), "line.toml")
    assert [tag.name for tag in line.plcs[0].group[0].tags] == [
        "Line.State",
        "Process.Temperature",
        "Process.Zone[1]{2}",
    ]
    assert line.plcs[0].group[0].period_ms == 100
    assert line.stations_of("plc1")[0].camera[0].required
    assert line.rules_of(line.plcs[0])[0].text(61.5) == "Process.Temperature is 61.5, above 60.0"


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('host = "10.0.0.1:44818"', 'host = "not a host"', "plc[0].host = 'not a host'"),
        ('host = "10.0.0.1:44818"', 'host = "10.0.0.1"\nslot = 99', "plc[0].slot = 99"),
        ('name = "critical"', 'name = "critical"\nperiod_ms = 1', "plc[0].group[0].period_ms = 1"),
        ('"Line.State"', '"Line State"', "plc[0].group[0].tags[0].name = 'Line State'"),
        ('host = "10.0.0.1:44818"', 'hots = "10.0.0.1"', "plc[0].host is missing"),
        ('plc = "plc1"', 'plc = "plc2"', "station[0].plc = 'plc2'"),
        (
            "deadline_ms = 4000",
            "deadline_ms = 3000",
            "station[0].deadline_ms = 3000: must be above",
        ),
        ('name = "top"', 'name = "top"\nrequired = false', "station[0].camera: none is required"),
        ('tag = "Process.Temperature"', 'tag = "Process.Vibration"', "alarm[0].tag = 'Process.Vibration'"),
        ("{tag} is {value}", "{part} is {value}", "alarm[0]"),
        ('op = ">"', 'op = "="', "alarm[0].op = '='"),
        ("value = 60.0", "value = true", "alarm[0]"),
        ('"Line.State"', '{ name = "Line.State", range = [5, 5] }', "plc[0].group[0].tags[0].range = [5, 5]"),
    ],
)
def test_a_mistake_is_one_line_with_file_key_and_value(old: str, new: str, says: str) -> None:
    assert old in GOOD
    with pytest.raises(ConfigError) as error:
        read(table(GOOD.replace(old, new)), "line.toml")
    text = str(error.value)
    assert text.startswith("line.toml: ")
    assert says in text
    assert "\n" not in text


def test_names_must_differ() -> None:
    twice = GOOD + '[[plc]]\nname = "plc1"\nhost = "10.0.0.2"\n'
    with pytest.raises(ConfigError, match=r"plc\[1\]\.name = 'plc1'"):
        read(table(twice), "line.toml")


def test_a_plc_with_nothing_to_do_is_a_mistake() -> None:
    idle = GOOD + '[[plc]]\nname = "plc2"\nhost = "10.0.0.2"\n'
    with pytest.raises(ConfigError, match="neither a group nor a station"):
        read(table(idle), "line.toml")
