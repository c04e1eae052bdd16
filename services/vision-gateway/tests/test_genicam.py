"""GenICam over a real GenTL producer: viky.cti, the simulated one that the genicam package brings."""

import itertools
import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

import cv2
import genicam
import numpy as np
import pytest
from prometheus_client import REGISTRY

from jidoka.runtime.errors import ConfigError
from jidoka.runtime.testing import until
from jidoka.vision_gateway.cameras.camera import CameraError, Want
from jidoka.vision_gateway.cameras.genicam import open_genicam
from jidoka.vision_gateway.cameras.pixels import read_pixels
from jidoka.vision_gateway.developing import develop
from jidoka.vision_gateway.kinds import GenicamSettings
from jidoka.vision_gateway.line import Processing

LOSSY = Path(__file__).with_name("lossy_producer.py")
VIKY = Path(genicam.__file__).parent / "viky.cti"


def soon(seconds: float = 20.0) -> float:
    return time.monotonic() + seconds


@pytest.fixture
def camera():
    made = []

    def start(**more: object):
        settings = GenicamSettings.model_validate({"name": "top", "kind": "genicam", "producer": VIKY} | more)
        made.append(open_genicam("camera AOI1/top", ("AOI1", "top"), settings))
        return made[-1]

    yield start
    for one in made:
        one.close()


@pytest.mark.parametrize(("pixel_format", "shape"), [("Mono8", (400, 400)), ("RGBa8", (400, 400, 3))])
def test_images_come_on_request_and_become_frames(camera, pixel_format, shape):
    grabber = camera(device="green", features={"PixelFormat": pixel_format, "AcquisitionFrameRate": 50.0})
    shots = [grabber.grab(Want(counter), soon()) for counter in range(4)]
    assert [shot.image.shape for shot in shots] == [shape] * 4
    assert all(a.taken_at < b.taken_at for a, b in itertools.pairwise(shots))
    picture = develop(shots[0], Processing())
    assert (picture.width, picture.height) == (400, 400)


def test_a_producers_process_that_is_killed_is_offline_and_comes_back(camera):
    grabber = camera()
    grabber.grab(Want(1), soon())
    pid = grabber._process.pid
    os.kill(pid, signal.SIGKILL)
    until(grabber._process.down)
    shot, end = None, soon()
    while shot is None:
        assert time.monotonic() < end
        try:
            shot = grabber.grab(Want(2), soon())
        except CameraError as error:
            assert error.code == "offline"
            time.sleep(0.05)
    assert grabber._process.pid != pid


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"producer": "/none/such.cti"}, "no file /none/such.cti"),
        ({"device": "violet"}, "finds no device violet; it finds VikyTL_DEV_red"),
        ({"features": {"Sharpness": 3}}, "feature Sharpness = 3"),
        ({"features": {"PixelFormat": "Mono99"}}, "feature PixelFormat = Mono99"),
    ],
)
def test_what_keeps_it_from_working_is_named(camera, more, says):
    grabber, reason, end = camera(**more), "", soon()
    while says not in reason:
        assert time.monotonic() < end, reason
        with pytest.raises(CameraError) as error:
            grabber.glance(soon(5))
        reason = str(error.value)
    assert reason.startswith("camera AOI1/top: ")
    assert error.value.code == "offline"


@pytest.fixture
def lossy(camera, monkeypatch):
    def start(lose: int):
        monkeypatch.setenv("LOSE", str(lose))
        monkeypatch.setattr("jidoka.vision_gateway.cameras.genicam.COMMAND", [sys.executable, str(LOSSY)])
        return camera(trigger="part")

    return start


def test_images_that_come_incomplete_are_named_and_counted(lossy):
    labels = {"station": "AOI1", "camera": "top", "reason": "unreadable"}
    before = REGISTRY.get_sample_value("vision_files_refused_total", labels) or 0.0
    with pytest.raises(CameraError, match="camera AOI1/top: an image came incomplete: packets were lost") as error:
        lossy(1).grab(Want(1), soon())
    assert error.value.code == "unreadable"
    until(lambda: (REGISTRY.get_sample_value("vision_files_refused_total", labels) or 0.0) > before)


def test_the_next_whole_image_is_taken_after_an_incomplete_one(lossy):
    grabber, end = lossy(3), soon()
    shots = []
    while len(shots) < 3:
        assert time.monotonic() < end
        with suppress(CameraError):
            shots.append(grabber.grab(Want(1), soon()))
    assert [shot.image.shape for shot in shots] == [(400, 400, 3)] * 3


def test_without_its_packages_the_kind_is_refused(camera, monkeypatch):
    monkeypatch.setattr("jidoka.vision_gateway.cameras.genicam.find_spec", lambda _: None)
    with pytest.raises(ConfigError, match=r"camera AOI1/top: .*the extra genicam"):
        camera()


def test_every_image_of_a_camera_that_runs_free(camera):
    grabber = camera(trigger="free")
    origins = [grabber.grab(Want(), soon()).origin for _ in range(3)]
    assert len(set(origins)) == 3


@pytest.fixture
def ramp() -> np.ndarray:
    return np.linspace(0, 1, 48 * 64).reshape(48, 64)


@pytest.mark.parametrize("depth", [8, 10, 12, 14, 16])
def test_grey_of_every_depth_keeps_its_levels(ramp, depth):
    levels = (ramp * (2**depth - 1)).astype("u1" if depth == 8 else "<u2")
    pixels = read_pixels(levels.tobytes(), 64, 48, f"Mono{depth}")
    shift = 0 if depth == 8 else 8
    assert np.abs((pixels >> shift).astype(int) - ramp * 255).max() < 2


@pytest.mark.parametrize("pattern", ["RG", "GR", "GB", "BG"])
@pytest.mark.parametrize("depth", [8, 12])
def test_bayer_patterns_give_the_colour(pattern, depth):
    scale = 2 ** (depth - 8)
    values = {"R": 200 * scale, "G": 100 * scale, "B": 30 * scale}
    other = {"RG": "GB", "GR": "BG", "GB": "RG", "BG": "GR"}[pattern]
    cell = np.array([[values[one] for one in pattern], [values[one] for one in other]])
    raw = np.tile(cell, (20, 20)).astype("u1" if depth == 8 else "<u2")
    pixels = read_pixels(raw.tobytes(), 40, 40, f"Bayer{pattern}{depth}")
    middle = pixels[10:30, 10:30].mean((0, 1)) / (1 if depth == 8 else 256)
    assert middle == pytest.approx([30, 100, 200], abs=2)


@pytest.mark.parametrize(("name", "order"), [("RGB8", (2, 1, 0)), ("BGR8", (0, 1, 2)), ("RGBa8", (2, 1, 0, 3))])
def test_colour_formats(name, order):
    image = np.zeros((4, 6, 4), np.uint8)
    image[...] = (10, 20, 30, 255)
    assert read_pixels(image[..., list(order)].tobytes(), 6, 4, name)[0, 0].tolist() == [10, 20, 30]


def test_a_format_that_is_not_known_is_named():
    with pytest.raises(ValueError, match="pixel format Mono12p"):
        read_pixels(b"", 4, 4, "Mono12p")
    with pytest.raises(ValueError, match="buffer is smaller"):
        read_pixels(b"123", 4, 4, "Mono8")


def test_a_bayer_image_of_16_bits_travels_in_colour():
    raw = np.full((40, 40), 40_000, "<u2").tobytes()
    pixels = read_pixels(raw, 40, 40, "BayerRG16")
    assert cv2.mean(pixels)[:3] == pytest.approx((40_000,) * 3)
