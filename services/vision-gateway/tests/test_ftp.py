"""Our FTP server as cameras meet it: many on one server, and whatever goes wrong on the way."""

import errno
import io
import os
import socket
import struct
import time
from contextlib import ExitStack
from ftplib import FTP, Error, error_perm, error_temp
from pathlib import Path

import cv2
import pytest
from prometheus_client import REGISTRY
from pydantic import SecretStr

from jidoka.runtime.errors import ConfigError
from jidoka.runtime.testing import free_port, until
from jidoka.vision_gateway.cameras import receiver as door
from jidoka.vision_gateway.cameras.camera import CameraError, Want
from jidoka.vision_gateway.cameras.mailbox import Mailbox
from jidoka.vision_gateway.cameras.receiver import Receiver
from jidoka.vision_gateway.cameras.upload import Upload
from jidoka.vision_gateway.cameras.wired import WiredCamera
from jidoka.vision_gateway.kinds import FtpCameraSettings
from jidoka.vision_gateway.settings import FtpSettings

PASSIVE = range(22200, 22220)
COUNTED = FtpCameraSettings(name="top", kind="ftp", user="cam", name_pattern=r"(?P<counter>\d+)", window_ms=5000)


def settings(port: int = 0, quota: int = 2**26, ports: range = PASSIVE) -> FtpSettings:
    return FtpSettings("127.0.0.1", port, SecretStr("secret"), ports, None, quota)


class Place:
    """A receiver with cameras `top` and `side` of user cam1, by folder, and `back` of user cam2."""

    def __init__(self, stack: ExitStack, folder, quota: int = 2**26, ports: range = PASSIVE) -> None:
        self.receiver, self.folder = Receiver(settings(quota=quota, ports=ports), folder), folder
        self.boxes = {
            "top": self.box("cam1", "top", r"^CAM1/(?P<counter>\d+)"),
            "side": self.box("cam1", "side", r"^CAM2/(?P<counter>\d+)"),
            "back": self.box("cam2", "back", r"(?P<counter>\d+)\.jpg$"),
        }
        self.cameras = {name: WiredCamera(f"camera AOI1/{name}", box, COUNTED) for name, box in self.boxes.items()}
        stack.enter_context(self.receiver)
        self.stack = stack

    def box(self, user: str, name: str, pattern: str) -> Mailbox:
        made = Mailbox(("AOI1", name), pattern)
        self.receiver.register(user, made)
        return made

    def client(self, user: str = "cam1", password: str = "secret") -> FTP:
        client = FTP(timeout=10)
        client.connect("127.0.0.1", self.receiver.port)
        self.stack.callback(client.close)
        client.login(user, password)
        return client

    def camera(self, name: str) -> WiredCamera:
        return self.cameras[name]


@pytest.fixture
def place(tmp_path):
    with ExitStack() as stack:
        yield Place(stack, tmp_path / "ftp")


def put(client: FTP, path: str, data: bytes) -> None:
    """Raises the server's answer, also where it has cut the data connection before all was sent."""
    try:
        client.storbinary(f"STOR {path}", io.BytesIO(data))
    except ConnectionError:
        client.voidresp()
        raise


def want(counter: int) -> Want:
    return Want(counter, None, time.monotonic())


def soon(seconds: float = 5.0) -> float:
    return time.monotonic() + seconds


def test_many_cameras_share_one_server_by_user_and_by_folder(place, jpeg, picture):
    one, two = place.client(), place.client("cam2")
    for folder in ("CAM1", "CAM2"):
        one.mkd(folder)
        for number in (7, 8):
            put(one, f"{folder}/{number}.jpg", jpeg(picture(number + len(folder) * int(folder[-1]))))
    put(two, "x_8.jpg", jpeg(picture(99)))
    assert place.camera("top").grab(want(8), soon()).image == jpeg(picture(12))
    assert place.camera("side").grab(want(8), soon()).image == jpeg(picture(16))
    assert place.camera("back").grab(want(8), soon()).image == jpeg(picture(99))
    until(lambda: not [path for path in place.folder.rglob("*") if path.is_file()])


def test_an_image_in_a_new_nested_folder_arrives_and_doubles_do_not(place, jpeg, picture):
    client, camera = place.client("cam2"), place.camera("back")
    client.mkd("260504_1200")
    client.mkd("260504_1200/CAM1")
    for _ in range(2):
        put(client, "260504_1200/CAM1/3.jpg", jpeg(picture(3)))
    assert camera.grab(want(3), soon()).image == jpeg(picture(3))
    with pytest.raises(CameraError, match="no image of part 3 came") as error:
        camera.grab(want(3), soon(0.1))
    assert error.value.code == "timeout"


def metric(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


@pytest.fixture
def unreadable():
    """How many files of camera top were refused since the test began."""
    labels = {"station": "AOI1", "camera": "top", "reason": "unreadable"}
    before = metric("vision_files_refused_total", **labels)
    return lambda: metric("vision_files_refused_total", **labels) - before


def reset(data: socket.socket) -> None:
    data.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    data.close()


def cut_in_the_middle(client: FTP, path: str, whole: bytes) -> None:
    data = client.transfercmd(f"STOR {path}")
    data.sendall(whole[: len(whole) // 2])
    reset(data)


def cut_before_the_command(client: FTP, path: str, whole: bytes) -> None:
    reset(socket.create_connection(client.makepasv()))
    client.putcmd(f"STOR {path}")


def left_before_the_data(client: FTP, path: str, whole: bytes) -> None:
    client.makepasv()
    client.putcmd(f"STOR {path}")
    assert client.getresp().startswith("150")
    client.close()


@pytest.mark.parametrize(
    ("suffix", "cut"),
    [
        (".jpg", cut_in_the_middle), (".bmp", cut_in_the_middle), (".png", cut_in_the_middle),
        (".jpg", cut_before_the_command), (".jpg", left_before_the_data),
    ],
)  # fmt: skip
def test_an_upload_that_is_cut_is_no_image_and_is_named(place, picture, unreadable, suffix, cut):
    client = place.client("cam1")
    client.mkd("CAM1")
    whole = cv2.imencode(suffix, picture(1, 1280, 960))[1].tobytes()
    cut(client, f"CAM1/5{suffix}", whole)
    until(lambda: unreadable() == 1)
    with pytest.raises(CameraError, match=rf"camera AOI1/top: CAM1/5\{suffix}: ") as error:
        place.camera("top").grab(want(5), soon(0.05))
    assert error.value.code == "unreadable"
    assert not [path for path in place.folder.rglob("*") if path.is_file()]
    put(place.client("cam1"), f"CAM1/5{suffix}", whole)
    assert place.camera("top").grab(want(5), soon()).image == whole


def test_another_parts_cut_file_is_not_this_parts_trouble(place, jpeg, picture, unreadable):
    client = place.client("cam1")
    client.mkd("CAM1")
    put(client, "CAM1/4.jpg", jpeg(picture(4))[:-100])
    until(lambda: unreadable() == 1)
    with pytest.raises(CameraError, match="no image of part 5 came"):
        place.camera("top").grab(want(5), soon(0.05))
    with pytest.raises(CameraError, match=r"CAM1/4\.jpg: a truncated JPEG"):
        place.camera("top").grab(want(4), soon(0.05))


@pytest.mark.parametrize(("user", "password"), [("cam1", "wrong"), ("nobody", "secret"), ("anonymous", "")])
def test_only_cameras_log_in(place, user, password):
    before = metric("vision_ftp_failed_total", reason="login")
    with pytest.raises(error_perm, match="530"):
        place.client(user, password)
    until(lambda: metric("vision_ftp_failed_total", reason="login") == before + 1)


def test_nobody_leaves_the_folder_of_a_user_or_reads_and_deletes(place, jpeg, picture, tmp_path):
    (tmp_path / "secret.jpg").write_bytes(b"x")
    client = place.client("cam2")
    put(client, "kept.txt", b"no camera claims this")
    for command in ("RETR /kept.txt", "DELE /kept.txt", "RNFR /kept.txt", "RETR ../../secret.jpg", "SITE CHMOD 777 /"):
        with pytest.raises(Error, match=r"^5"):
            client.voidcmd(command)
    put(client, "../../../77.jpg", jpeg(picture(7)))
    assert place.camera("back").grab(want(77), soon()).image == jpeg(picture(7))
    assert not list(tmp_path.glob("77*"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ftp", "secret.jpg"]


def test_a_link_out_of_the_folder_is_refused(place, tmp_path, jpeg, picture):
    (tmp_path / "elsewhere").mkdir()
    (place.folder / "cam2" / "out").symlink_to(tmp_path / "elsewhere")
    before = metric("vision_ftp_failed_total", reason="path")
    with pytest.raises(error_perm, match="550"):
        put(place.client("cam2"), "out/1.jpg", jpeg(picture()))
    until(lambda: metric("vision_ftp_failed_total", reason="path") == before + 1)
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_data_connections_stay_in_the_range_of_ports(place):
    client = place.client()
    assert all(client.makepasv()[1] in PASSIVE for _ in range(5))


def test_connections_and_ports_that_run_out_are_counted(tmp_path):
    counts = [metric("vision_ftp_failed_total", reason=reason) for reason in ("ports", "connections")]
    with ExitStack() as stack:
        place = Place(stack, tmp_path / "ftp", ports=range(22230, 22231))
        assert [place.client().makepasv()[1] == 22230 for _ in range(2)] == [True, False]
        until(lambda: metric("vision_ftp_failed_total", reason="ports") == counts[0] + 1)
        for _ in range(door.CONNECTIONS):
            stack.enter_context(socket.create_connection(("127.0.0.1", place.receiver.port)))
        until(lambda: metric("vision_ftp_failed_total", reason="connections") > counts[1])


def test_an_image_in_ascii_mode_is_not_changed(place):
    client, image = place.client("cam2"), b"\xff\xd8\xff\xc0\x00\x11\x08\x00\x10\x00\x10\r\n\r\n\xff\xd9"
    client.voidcmd("TYPE A")
    with client.transfercmd("STOR 1.jpg") as data:
        data.sendall(image)
    client.voidresp()
    assert place.camera("back").grab(want(1), soon()).image == image


def test_a_quota_stops_one_upload_and_nothing_else(tmp_path, jpeg, picture):
    with ExitStack() as stack:
        place = Place(stack, tmp_path / "ftp", quota=200_000)
        client = place.client("cam2")
        with pytest.raises((error_temp, error_perm), match="quota"):
            put(client, "1.jpg", b"\xff\xd8" + bytes(300_000))
        with pytest.raises(CameraError, match=r"1\.jpg: the quota for images is used up"):
            place.camera("back").grab(want(1), soon(0.05))
        put(client, "2.jpg", jpeg(picture(2)))
        assert place.camera("back").grab(want(2), soon()).image == jpeg(picture(2))


def test_a_full_disk_stops_one_upload_and_nothing_else(place, jpeg, picture, monkeypatch):
    client, full = place.client("cam2"), True
    write = Upload.write

    def writing(self, chunk: bytes) -> None:
        if full:
            self._file.close()
            self._file = Path("/dev/full").open("wb", buffering=0)  # noqa: SIM115 - the upload closes it
        write(self, chunk)

    monkeypatch.setattr(Upload, "write", writing)
    before = metric("vision_ftp_failed_total", reason="disk")
    with pytest.raises(error_temp, match=os.strerror(errno.ENOSPC)):
        put(client, "1.jpg", jpeg(picture()))
    assert metric("vision_ftp_failed_total", reason="disk") == before + 1
    with pytest.raises(CameraError, match=rf"1\.jpg: {os.strerror(errno.ENOSPC)}"):
        place.camera("back").grab(want(1), soon(0.05))
    full = False
    put(client, "2.jpg", jpeg(picture(2)))
    assert place.camera("back").grab(want(2), soon()).image == jpeg(picture(2))


def test_a_port_that_is_taken_is_one_line(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", free_port()))
        taken.listen()
        with pytest.raises(ConfigError, match=r"FTP receiver at 127.0.0.1:.*in use"):
            Receiver(settings(port=taken.getsockname()[1]), tmp_path / "ftp")


def test_what_a_former_run_left_is_gone(tmp_path):
    (tmp_path / "ftp" / "cam1").mkdir(parents=True)
    (tmp_path / "ftp" / "cam1" / "1.jpg").write_bytes(b"old")
    Receiver(settings(), tmp_path / "ftp")
    assert list((tmp_path / "ftp").iterdir()) == []


def test_an_image_that_nobody_takes_goes_when_the_next_ones_come(place, jpeg, picture):
    client = place.client("cam2")
    for number in range(1, 31):
        put(client, f"{number}.jpg", jpeg(picture(number)))
    camera = place.camera("back")
    with pytest.raises(CameraError):
        camera.grab(want(1), soon(0.1))
    assert camera.grab(want(30), soon()).image == jpeg(picture(30))
