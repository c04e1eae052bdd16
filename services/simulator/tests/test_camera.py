"""The line's camera gives each part's image, and optical faults when it is told to."""

import cv2
import numpy as np
import pytest

from jidoka.simulator.camera import Camera, NoPicture
from jidoka.simulator.parts import Recipe
from jidoka.simulator.plant import controller
from jidoka.simulator.spoiling import SPOILS


@pytest.fixture
def memory():
    made = controller(["AOI1"]).memory
    made.set("AOI1.Counter", 5)
    return made


def pixels(data: bytes) -> np.ndarray:
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR).astype(int)


def test_an_image_that_the_camera_no_longer_has_is_not_given(memory) -> None:
    camera = Camera("AOI1", memory, Recipe(1, "AOI1", 0.2))
    assert camera.shoot("top")[0] == 5
    with pytest.raises(NoPicture, match="no image of part 6"):
        camera.shoot("top", 6)


@pytest.mark.parametrize("fault", list(SPOILS))
def test_a_fault_begins_with_the_next_part_and_ends(memory, fault: str) -> None:
    camera = Camera("AOI1", memory, Recipe(1, "AOI1", 0.0))
    clean = camera.shoot("top")[1]
    assert camera.spoil(fault) == 6
    assert camera.shoot("top", 5)[1] == clean
    memory.set("AOI1.Counter", 6)
    sick = camera.shoot("top")[1]
    assert np.abs(pixels(sick) - pixels(Camera("AOI1", memory, Recipe(1, "AOI1", 0.0)).shoot("top", 6)[1])).mean() > 5
    assert camera.spoil(None) == 7
    assert camera.shoot("top", 6)[1] == sick, "it was exposed while the fault was there"
    memory.set("AOI1.Counter", 7)
    assert camera.shoot("top", 7) == Camera("AOI1", memory, Recipe(1, "AOI1", 0.0)).shoot("top", 7)


def test_a_frozen_camera_gives_the_last_image_again(memory) -> None:
    camera = Camera("AOI1", memory, Recipe(1, "AOI1", 0.0))
    camera.spoil("frozen")
    last = camera.shoot("top", 5)[1]
    memory.set("AOI1.Counter", 7)
    assert [camera.shoot("top", number) for number in (6, 7)] == [(6, last), (7, last)]


def test_an_unknown_fault_is_named(memory) -> None:
    with pytest.raises(KeyError, match="fog"):
        Camera("AOI1", memory, Recipe(1, "AOI1", 0.0)).spoil("fog")
