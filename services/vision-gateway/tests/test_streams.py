"""RTSP over a real server; a USB camera that is not there; frames without parts."""

import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from jidoka.runtime.testing import free_port
from jidoka.vision_gateway.cameras.camera import CameraError, Want
from jidoka.vision_gateway.cameras.video import VideoCamera, VideoFormat

SERVER = Path(__file__).with_name("rtsp_server.py")


def soon(seconds: float = 20.0) -> float:
    return time.monotonic() + seconds


@contextmanager
def rtsp(port: int):
    process = subprocess.Popen(["/usr/bin/python3", str(SERVER), str(port)], stdout=subprocess.PIPE)
    try:
        assert process.stdout
        said = process.stdout.readline()
        assert said, "no RTSP server: Debian's gir1.2-gst-rtsp-server-1.0, gstreamer1.0-plugins-base and -ugly"
        yield f"rtsp://user:secret@127.0.0.1:{port}/camera"
    finally:
        process.kill()
        process.wait()


def until_grabbed(camera: VideoCamera):
    end = soon(40)
    while True:
        try:
            return camera.grab(Want(1), soon(5))
        except CameraError as error:
            assert time.monotonic() < end, str(error)
            time.sleep(0.05)


def test_images_come_from_an_rtsp_server_and_again_after_it_was_away():
    port = free_port()
    with rtsp(port) as url:
        camera = VideoCamera("camera AOI1/top", url)
        shots = [until_grabbed(camera) for _ in range(3)]
        assert [shot.image.shape for shot in shots] == [(240, 320, 3)] * 3
        assert shots[0].image.std() > 20
        assert "secret" not in shots[0].origin
    with pytest.raises(CameraError) as error:
        for _ in range(100):
            camera.grab(Want(2), soon(0.3))
    assert error.value.code in ("offline", "timeout")
    with rtsp(port):
        assert until_grabbed(camera).image.shape == (240, 320, 3)
    camera.close()


def test_a_usb_camera_that_is_not_there_is_offline():
    camera, reason, end = VideoCamera("camera AOI1/usb", "/dev/video99", VideoFormat(640, 480, 30.0)), "", soon()
    while "cannot be opened" not in reason:
        assert time.monotonic() < end, reason
        with pytest.raises(CameraError) as error:
            camera.grab(Want(1), soon(0.2))
        reason = str(error.value)
    assert error.value.code == "offline"
    assert reason.startswith("camera AOI1/usb at /dev/video99: ")
    camera.close()
