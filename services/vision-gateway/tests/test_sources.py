"""Each kind of camera over its real protocol: the right image, or an error that names what and where."""

import itertools
import socket
import threading
import time
from datetime import UTC, datetime

import cv2
import numpy as np
import pytest

from jidoka.vision_gateway.cameras.camera import CameraError, Want
from jidoka.vision_gateway.cameras.drop import DropCamera
from jidoka.vision_gateway.cameras.folder import FolderCamera
from jidoka.vision_gateway.cameras.simulator import SimulatorCamera
from jidoka.vision_gateway.cameras.video import VideoCamera


def soon(seconds: float = 10.0) -> float:
    return time.monotonic() + seconds


def test_the_simulators_camera_gives_the_image_of_the_part_asked_for(camera_server, jpeg, picture):
    first, second = jpeg(picture(1)), jpeg(picture(2))
    camera_server.shows(7, first)
    camera_server.shows(8, second)
    camera = SimulatorCamera("camera AOI1/top", camera_server.url)
    assert camera.grab(Want(7), soon()).image == first
    assert camera.grab(Want(8), soon()).image == second
    assert camera.glance(soon()).image == second
    assert camera_server.asked == [7, 8, None]
    camera.close()


def test_the_simulators_camera_waits_for_an_image_that_is_not_there_yet(camera_server, jpeg, picture):
    camera = SimulatorCamera("camera AOI1/top", camera_server.url)
    with pytest.raises(CameraError, match="camera AOI1/top has no image of part 3") as error:
        camera.grab(Want(3), soon(0.5))
    assert error.value.code == "timeout"
    assert len(camera_server.asked) > 1
    camera_server.shows(3, jpeg(picture(3)))
    assert camera.grab(Want(3), soon()).image == jpeg(picture(3))
    camera.close()


def test_an_image_of_another_part_is_never_given(camera_server, jpeg, picture):
    camera_server.shows(3, jpeg(picture()), sequence=2)
    camera = SimulatorCamera("camera AOI1/top", camera_server.url)
    with pytest.raises(CameraError, match="answered with part 2, asked for 3") as error:
        camera.grab(Want(3), soon())
    assert error.value.code == "mismatch"
    camera.close()


def test_a_connection_that_the_server_dropped_is_made_again(camera_server, jpeg, picture):
    camera_server.close_each = True
    camera_server.shows(1, jpeg(picture()))
    camera = SimulatorCamera("camera AOI1/top", camera_server.url)
    assert [camera.grab(Want(1), soon()).image for _ in range(3)] == [jpeg(picture())] * 3
    camera.close()


def test_a_camera_that_is_away_hangs_or_fails_says_so(camera_server, jpeg, picture):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        away = SimulatorCamera("camera AOI1/top", f"http://127.0.0.1:{unused.getsockname()[1]}/x")
        with pytest.raises(CameraError, match="Connection refused") as error:
            away.grab(Want(1), soon())
    assert error.value.code == "offline"
    camera_server.shows(1, jpeg(picture()), delay=30)
    camera_server.shows(2, b"broken", status=500)
    camera = SimulatorCamera("camera AOI1/top", camera_server.url)
    with pytest.raises(CameraError, match="did not answer in time") as error:
        camera.grab(Want(1), soon(0.2))
    assert error.value.code == "timeout"
    with pytest.raises(CameraError, match="answered 500") as error:
        camera.grab(Want(2), soon())
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
    origins = [camera.grab(Want(counter), soon()).origin for counter in range(4)]
    assert origins == [str(tmp_path / name) for name in ("1_test.JPG", "3_test.png", "b/2_test.jpg", "1_test.JPG")]


@pytest.mark.parametrize("make", [True, False])
def test_a_folder_without_images_says_so(tmp_path, make):
    folder = tmp_path / "images"
    if make:
        folder.mkdir()
    camera = FolderCamera("camera AOI1/top", folder)
    for ask in (lambda: camera.grab(Want(1), soon()), lambda: camera.glance(soon())):
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
        camera.grab(Want(1), soon())
    assert error.value.code == "unreadable"
    assert camera.grab(Want(1), soon()).origin.endswith("b.jpg")


@pytest.fixture
def drop(tmp_path):
    (tmp_path / "in").mkdir()
    return tmp_path / "in", DropCamera("camera AOI1/top", tmp_path / "in", r"_(?P<counter>\d+)_CAM1", offset=-100)


def test_a_dropped_file_goes_to_the_part_that_its_name_counts(drop, jpeg, picture):
    folder, camera = drop
    for counter in (7, 8):
        nested = folder / f"26050{counter}_120000" / "CAM1"
        nested.mkdir(parents=True)
        (nested / f"260504_120000_000{100 + counter}_CAM1_OK.jpg").write_bytes(jpeg(picture(counter)))
    assert camera.glance(soon()) is None
    assert camera.grab(Want(8), soon()).image == jpeg(picture(8))
    assert camera.grab(Want(7), soon()).image == jpeg(picture(7))
    with pytest.raises(CameraError, match="no file of part 7") as error:
        camera.grab(Want(7), soon(0.1))
    assert error.value.code == "timeout"


def test_no_file_is_missed_in_nested_folders_that_are_made_at_once(drop, jpeg, picture):
    folder, camera = drop
    images = {counter: jpeg(picture(counter)) for counter in range(1, 51)}

    def write() -> None:
        for counter, image in images.items():
            nested = folder / f"SD1_{counter:03d}" / "260504_120000" / "CAM1"
            nested.mkdir(parents=True)
            (nested / f"260504_120000_{100 + counter:07d}_CAM1_OK.jpg").write_bytes(image)

    writer = threading.Thread(target=write)
    writer.start()
    assert {counter: camera.grab(Want(counter), soon()).image for counter in images} == images
    writer.join()
    assert [path for path in folder.rglob("*") if path.is_file()] == []


def test_a_name_whose_number_is_none_is_no_parts_file(tmp_path, jpeg, picture):
    camera = DropCamera("camera AOI1/top", tmp_path, r"^(?P<counter>.*)\.jpg$")
    for name in ("x.jpg", ".jpg"):
        (tmp_path / name).write_bytes(jpeg(picture()))
    with pytest.raises(CameraError, match="no file of part 0"):
        camera.grab(Want(0), soon(0.05))


def test_a_file_is_taken_only_when_it_is_whole(drop, jpeg, picture):
    folder, camera = drop
    path, whole = folder / "x_00105_CAM1.jpg", jpeg(picture(5))
    path.write_bytes(whole[:-100])
    with pytest.raises(CameraError, match=r"x_00105_CAM1\.jpg: a truncated JPEG") as error:
        camera.grab(Want(5), soon(0.1))
    assert error.value.code == "unreadable"
    writer = threading.Timer(0.1, path.write_bytes, [whole])
    writer.start()
    assert camera.grab(Want(5), soon()).image == whole
    writer.join()
    assert not path.exists()


def test_a_link_out_of_the_folder_is_not_followed(drop, tmp_path, jpeg, picture):
    folder, camera = drop
    (tmp_path / "secret.jpg").write_bytes(jpeg(picture()))
    (folder / "x_00101_CAM1.jpg").symlink_to(tmp_path / "secret.jpg")
    with pytest.raises(CameraError, match="leads out of the folder"):
        camera.grab(Want(1), soon(0.1))
    assert (tmp_path / "secret.jpg").exists()


def test_a_drop_folder_that_is_not_there_is_offline(tmp_path):
    camera = DropCamera("camera AOI1/top", tmp_path / "none", r"(?P<counter>\d+)")
    with pytest.raises(CameraError, match="none: No such file or directory") as error:
        camera.glance(soon())
    assert error.value.code == "offline"


@pytest.fixture
def film(tmp_path):
    """Grey levels 0, 20, 40 ... at 20 images a second."""
    path = tmp_path / "film.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 20, (64, 48))
    for level in range(0, 240, 20):
        writer.write(np.full((48, 64, 3), level, np.uint8))
    writer.release()
    return path


def test_a_video_gives_images_begun_after_they_were_asked_for_and_starts_over(film):
    camera = VideoCamera("camera AOI1/top", str(film))
    before = datetime.now(UTC)
    shots = [camera.grab(Want(counter), soon(10)) for counter in range(15)]
    camera.close()
    times = [before, *(shot.taken_at for shot in shots)]
    assert all(a <= b for a, b in itertools.pairwise(times))
    levels = [int(shot.image.mean()) for shot in shots]
    assert len(set(levels)) > 5
    assert any(b < a for a, b in itertools.pairwise(levels))


def test_a_video_that_cannot_be_opened_is_offline_and_its_password_is_not_shown(tmp_path):
    camera = VideoCamera("camera AOI1/top", f"file://user:secret@{tmp_path}/none.avi")
    with pytest.raises(CameraError, match="cannot be opened") as error:
        until_offline(camera)
    assert error.value.code == "offline"
    assert "secret" not in str(error.value)
    camera.close()


def until_offline(camera) -> None:
    """The first call may come before the thread has tried to open the source."""
    end = soon(10)
    while time.monotonic() < end:
        try:
            camera.glance(soon(0.2))
        except CameraError as error:
            if "not opened yet" not in str(error):
                raise
