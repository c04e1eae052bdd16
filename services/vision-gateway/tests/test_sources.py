"""Each kind of camera over its real protocol: the right image, or an error that names what and where."""

import socket
import time

import cv2
import pytest

from jidoka.vision_gateway.cameras.camera import CameraError
from jidoka.vision_gateway.cameras.folder import FolderCamera
from jidoka.vision_gateway.cameras.simulator import SimulatorCamera


def soon(seconds: float = 2.0) -> float:
    return time.monotonic() + seconds


def test_the_simulators_camera_gives_the_image_of_the_part_asked_for(camera_server, jpeg, picture):
    first, second = jpeg(picture(1)), jpeg(picture(2))
    camera_server.shows(7, first)
    camera_server.shows(8, second)
    camera = SimulatorCamera("camera AOI1/top", camera_server.url)
    assert camera.grab(7, soon()).image == first
    assert camera.grab(8, soon()).image == second
    assert camera.glance(soon()).image == second
    assert camera_server.asked == [7, 8, None]
    camera.close()


def test_the_simulators_camera_waits_for_an_image_that_is_not_there_yet(camera_server, jpeg, picture):
    camera = SimulatorCamera("camera AOI1/top", camera_server.url)
    with pytest.raises(CameraError, match="camera AOI1/top has no image of part 3") as error:
        camera.grab(3, soon(0.2))
    assert error.value.code == "timeout"
    assert len(camera_server.asked) > 2
    camera_server.shows(3, jpeg(picture(3)))
    assert camera.grab(3, soon()).image == jpeg(picture(3))
    camera.close()


def test_an_image_of_another_part_is_never_given(camera_server, jpeg, picture):
    camera_server.shows(3, jpeg(picture()), sequence=2)
    camera = SimulatorCamera("camera AOI1/top", camera_server.url)
    with pytest.raises(CameraError, match="answered with part 2, asked for 3") as error:
        camera.grab(3, soon())
    assert error.value.code == "mismatch"
    camera.close()


def test_a_connection_that_the_server_dropped_is_made_again(camera_server, jpeg, picture):
    camera_server.close_each = True
    camera_server.shows(1, jpeg(picture()))
    camera = SimulatorCamera("camera AOI1/top", camera_server.url)
    assert [camera.grab(1, soon()).image for _ in range(3)] == [jpeg(picture())] * 3
    camera.close()


def test_a_camera_that_is_away_hangs_or_fails_says_so(camera_server, jpeg, picture):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        away = SimulatorCamera("camera AOI1/top", f"http://127.0.0.1:{unused.getsockname()[1]}/x")
        with pytest.raises(CameraError, match="Connection refused") as error:
            away.grab(1, soon())
    assert error.value.code == "offline"
    camera_server.shows(1, jpeg(picture()), delay=30)
    camera_server.shows(2, b"broken", status=500)
    camera = SimulatorCamera("camera AOI1/top", camera_server.url)
    with pytest.raises(CameraError, match="did not answer in time") as error:
        camera.grab(1, soon(0.2))
    assert error.value.code == "timeout"
    with pytest.raises(CameraError, match="answered 500") as error:
        camera.grab(2, soon())
    assert error.value.code == "offline"
    camera.close()


def test_a_folder_is_replayed_in_order_and_over_again(tmp_path, jpeg, picture):
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "2_test.jpg").write_bytes(jpeg(picture(2)))
    (tmp_path / "1_test.JPG").write_bytes(jpeg(picture(1)))
    cv2.imwrite(str(tmp_path / "3_test.png"), picture(3))
    (tmp_path / "1_temp.jpg").write_bytes(jpeg(picture(9)))
    (tmp_path / "notes.txt").write_text("no image")
    camera = FolderCamera("camera AOI1/top", tmp_path, "**/*_test.*")
    assert camera.glance(soon()) is None
    origins = [camera.grab(counter, soon()).origin for counter in range(4)]
    assert origins == [str(tmp_path / name) for name in ("1_test.JPG", "3_test.png", "b/2_test.jpg", "1_test.JPG")]


@pytest.mark.parametrize("make", [True, False])
def test_a_folder_without_images_says_so(tmp_path, make):
    folder = tmp_path / "images"
    if make:
        folder.mkdir()
    camera = FolderCamera("camera AOI1/top", folder)
    for ask in (lambda: camera.grab(1, soon()), lambda: camera.glance(soon())):
        with pytest.raises(CameraError, match=r"camera AOI1/top: .*images") as error:
            ask()
        assert error.value.code == "offline"


def test_a_file_that_has_gone_is_named_and_the_next_one_follows(tmp_path, jpeg, picture):
    for name in "ab":
        (tmp_path / f"{name}.jpg").write_bytes(jpeg(picture()))
    camera = FolderCamera("camera AOI1/top", tmp_path)
    camera.glance(soon())
    (tmp_path / "a.jpg").unlink()
    with pytest.raises(CameraError, match=r"a\.jpg: No such file") as error:
        camera.grab(1, soon())
    assert error.value.code == "unreadable"
    assert camera.grab(1, soon()).origin.endswith("b.jpg")
