"""A wrong line.toml is one line that says where."""

import pytest

from jidoka.runtime.errors import ConfigError
from jidoka.vision_gateway.stations import read_stations

TOP = {"name": "top", "kind": "simulator", "url": "http://x/y"}


@pytest.mark.parametrize(
    ("camera", "says"),
    [
        ({"capture_timeout_ms": 4000}, "capture_timeout_ms 4000 must be below the station's deadline_ms 4000"),
        ({"kind": "laser"}, "laser"),
        ({"url": "ftp://x"}, "url"),
        ({"colour": 1}, "colour"),
        ({"processing": {"rotate": 45}}, "rotate"),
        ({"kind": "drop", "folder": "x", "name_pattern": "(?P<count>.)", "url": None}, "no group"),
        ({"kind": "drop", "folder": "x", "name_pattern": "(", "url": None}, "not a regular expression"),
    ],
)
def test_a_wrong_line_toml_is_named(tmp_path, camera, says):
    tables = {"station": [{"name": "AOI1", "deadline_ms": 4000, "camera": [TOP | camera]}]}
    with pytest.raises(ConfigError, match=says):
        read_stations(tables, tmp_path / "line.toml", 3000)
