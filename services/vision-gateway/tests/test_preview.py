"""Commissioning: what a camera gives, and the limits that follow from it."""

import tomllib

import cv2
import numpy as np
import pytest

from jidoka.runtime.errors import ConfigError
from jidoka.vision_gateway.health import diagnose, measure
from jidoka.vision_gateway.line import HealthLimits
from jidoka.vision_gateway.preview import main


@pytest.fixture
def line(tmp_path, picture, monkeypatch):
    folder = tmp_path / "images"
    folder.mkdir()
    for number in range(6):
        cv2.imwrite(str(folder / f"{number}.png"), cv2.GaussianBlur(picture(number, 640, 480), (0, 0), 0.8))
    path = tmp_path / "line.toml"
    path.write_text(f"""site = "demo"
line = "line1"
[[station]]
name = "AOI1"
deadline_ms = 4000
[[station.camera]]
name = "top"
kind = "folder"
folder = "{folder}"
""")
    monkeypatch.setenv("LINE_FILE", str(path))
    return path


def test_one_image_is_saved_with_its_figures(line, tmp_path, capsys):
    out = tmp_path / "out.jpg"
    main(["AOI1", "top", "--out", str(out)])
    said = capsys.readouterr().out
    assert cv2.imread(str(out)).shape == (480, 640, 3)
    assert "640 x 480" in said
    assert "health: good" in said
    assert "brightness: " in said


def test_the_printed_table_accepts_the_camera_and_refuses_a_blurred_one(line, tmp_path, capsys, picture):
    main(["AOI1", "top", "--frames", "6", "--out", str(tmp_path / "out.jpg")])
    printed = capsys.readouterr().out.split("measured on 6 images\n")[1]
    limits = HealthLimits.model_validate(tomllib.loads(printed)["station"]["camera"]["health"])
    fresh = cv2.GaussianBlur(picture(77, 640, 480), (0, 0), 0.8)
    assert diagnose(measure(fresh), limits) == []
    assert "blurred" in diagnose(measure(cv2.GaussianBlur(fresh, (0, 0), 2)), limits)[0]
    assert "too dark" in diagnose(measure((fresh * 0.5).astype(np.uint8)), limits)[0]


def test_a_hot_folder_is_previewed_and_keeps_its_file(line, tmp_path, picture, capsys):
    cv2.imwrite(str(tmp_path / "images" / "x_7.png"), picture(7, 640, 480))
    text = line.read_text().replace('kind = "folder"', """kind = "drop"\nname_pattern = '_(?P<counter>\\d+)'""")
    line.write_text(text)
    main(["AOI1", "top", "--out", str(tmp_path / "out.jpg")])
    assert "640 x 480" in capsys.readouterr().out
    assert (tmp_path / "images" / "x_7.png").exists()


def test_a_camera_that_is_not_configured_or_gives_nothing_is_one_line(line, tmp_path):
    with pytest.raises(ConfigError, match="no camera AOI1/side"):
        main(["AOI1", "side"])
    with pytest.raises(ConfigError, match="only 1 different images"):
        for image in (tmp_path / "images").iterdir():
            image.write_bytes((tmp_path / "images" / "0.png").read_bytes())
        main(["AOI1", "top", "--frames", "2", "--seconds", "0.2"])
