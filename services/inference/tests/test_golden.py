"""A golden image is what the good images have in common."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from jidoka.inference.golden import main
from jidoka.runtime.errors import ConfigError


def scene(dx: float = 0.0, dy: float = 0.0, degrees: float = 0.0, spot: tuple[int, int] | None = None) -> np.ndarray:
    """A board of blurred rectangles, moved and turned, with something of its own at `spot`."""
    random = np.random.default_rng(7)
    image = np.full((200, 300, 3), 60, np.uint8)
    for x, y, width, height, value in random.integers((20, 20, 10, 10, 100), (240, 150, 50, 40, 255), (30, 5)):
        image[y : y + height, x : x + width] = value
    turn = cv2.getRotationMatrix2D((150, 100), degrees, 1)
    turn[:, 2] += (dx, dy)
    image = cv2.warpAffine(cv2.GaussianBlur(image, (0, 0), 2), turn, (300, 200), borderMode=cv2.BORDER_REPLICATE)
    if spot:
        cv2.circle(image, spot, 6, (0, 0, 255), -1)
    return image


def saved(folder: Path, *images: np.ndarray) -> Path:
    folder.mkdir()
    for number, image in enumerate(images):
        cv2.imwrite(str(folder / f"{number}.png"), image)
    return folder


def test_it_is_the_median_on_the_place_in_the_middle(tmp_path, capsys):
    places = [(4, 3, 0.5), (0, 0, 0), (-3, 2, -0.4), (2, -3, 0.2), (-2, -2, -0.3)]
    images = [scene(*place, spot=(60 + 40 * number, 100)) for number, place in enumerate(places)]
    out = tmp_path / "models" / "A.png"
    main([str(saved(tmp_path / "good", *images)), str(out)])
    made = cv2.imread(str(out))
    apart = np.abs(made.astype(int) - scene())[10:-10, 10:-10]
    assert apart.mean() < 1.5  # the spots, each in another place, are gone, and nothing is blurred by the moving
    assert np.percentile(apart, 99.9) < 25
    assert "of 5 images" in capsys.readouterr().out
    assert [path.name for path in out.parent.iterdir()] == ["A.png"]


def test_an_image_of_something_else_is_left_out(tmp_path, capsys):
    other = scene()[::-1, ::-1].copy()
    main([str(saved(tmp_path / "good", scene(), scene(1, 1), other, scene(2, 0))), str(tmp_path / "A.png")])
    said = capsys.readouterr().out
    assert "2.png" in next(line for line in said.splitlines() if line.endswith("left out"))
    assert "of 3 images" in said


@pytest.mark.parametrize(
    ("images", "says"),
    [
        ([scene(), scene()], "2 images, where 3 to 60 are of use"),
        ([scene(), scene(), scene()[:100]], "different sizes"),
        (
            [scene(), scene()[::-1].copy(), scene()[:, ::-1].copy(), np.full_like(scene(), 9)],
            "only 1 of 4 images are at least 0.9 like 0",
        ),
    ],
)
def test_what_gives_no_golden_image_says_why(tmp_path, images, says):
    with pytest.raises(ConfigError, match=says):
        main([str(saved(tmp_path / "good", *images)), str(tmp_path / "A.png")])
    assert not (tmp_path / "A.png").exists()


def test_a_folder_or_file_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(ConfigError, match="none is no folder"):
        main([str(tmp_path / "none"), str(tmp_path / "A.png")])
    (saved(tmp_path / "good", scene()) / "1.png").write_text("text")
    with pytest.raises(ConfigError, match=r"1\.png cannot be decoded"):
        main([str(tmp_path / "good"), str(tmp_path / "A.png")])
