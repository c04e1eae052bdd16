"""A CV-X over its real protocol: commands on TCP, images pushed into our FTP server."""

import threading
import time
from contextlib import ExitStack, suppress

import pytest
from pydantic import SecretStr

from jidoka.runtime.errors import ConfigError
from jidoka.runtime.testing import until
from jidoka.simulator.keyence import Controller, Delivery, Push, serve
from jidoka.vision_gateway.cameras import Shared, open_camera
from jidoka.vision_gateway.cameras.camera import CameraError, Want
from jidoka.vision_gateway.settings import FtpSettings
from jidoka.vision_gateway.stations import place_keyence, read_stations


class Stand:
    """A controller, our FTP server, and cameras between them."""

    def __init__(self, stack: ExitStack, folder, jpeg, picture) -> None:
        self.stack, self.folder = stack, folder
        self.part, self.looks = 0, []
        self.jpeg, self.picture = jpeg, picture

    def look(self, camera: int) -> tuple[bytes, bool]:
        self.looks.append((self.part, camera))
        return self.image(self.part, camera), True

    def image(self, part: int, camera: int = 1) -> bytes:
        return self.jpeg(self.picture(10 * part + camera))

    def cameras(self, *tables: dict[str, object], suffix: str = "jpg", clients: int = 1):
        ftp = FtpSettings("127.0.0.1", 0, SecretStr("secret"), range(22100, 22160), None, 2**28)
        self.table = [{"name": "AOI1", "deadline_ms": 4000, "camera": list(tables)}]
        stations = read_stations({"station": self.table}, self.folder / "line.toml", 1000)
        shared = Shared(stations, ftp, self.folder / "ftp")
        push = self.stack.enter_context(Push("127.0.0.1", shared.ftp_port or 0, "keyence", "secret"))
        self.controller = Controller(self.look, push, cameras=len(tables), suffix=suffix)
        self.port = self.stack.enter_context(serve(self.controller, "127.0.0.1", 0))
        place_keyence(stations, "127.0.0.1", self.port, self.folder / "line.toml")
        made = [open_camera("AOI1", camera, shared) for camera in stations[0].camera]
        self.stack.enter_context(shared.serving())
        for camera in made:
            self.stack.callback(camera.close)
        return made


@pytest.fixture
def stand(tmp_path, jpeg, picture):
    with ExitStack() as stack:
        yield Stand(stack, tmp_path, jpeg, picture)


def keyence(name: str = "top", **more: object) -> dict[str, object]:
    return {"name": name, "kind": "keyence"} | more


def soon(seconds: float = 5.0) -> float:
    return time.monotonic() + seconds


def want(stand: Stand, part: int, sku: str | None = None) -> Want:
    stand.part = part
    return Want(part, sku, time.monotonic(), soon())


def test_each_part_is_exposed_by_command_and_gets_its_image(stand):
    (camera,) = stand.cameras(keyence())
    for part in (1, 2, 3):
        shot = camera.grab(want(stand, part), soon())
        assert shot.image == stand.image(part)
        assert f"_{part:07d}_CAM1_OK.jpg" in shot.origin
    assert stand.controller.exposures == 3


def test_cameras_of_one_controller_share_a_trigger(stand):
    top, side = stand.cameras(keyence(), keyence("side", camera=2))
    for part in (1, 2):
        wanted = want(stand, part)
        assert [one.grab(wanted, soon()).image for one in (top, side)] == [stand.image(part, 1), stand.image(part, 2)]
    assert stand.controller.exposures == 2


def test_setup_mode_is_left_and_the_program_follows_the_sku(stand):
    (camera,) = stand.cameras(keyence(programs={"A": 3, "B": 12}))
    stand.controller.running = False
    camera.grab(want(stand, 1, "B"), soon())
    assert (stand.controller.running, stand.controller.program) == (True, (1, 12))
    camera.grab(want(stand, 2, "A"), soon())
    assert stand.controller.program == (1, 3)
    with pytest.raises(CameraError, match="no program for SKU C") as error:
        camera.grab(want(stand, 3, "C"), soon())
    assert error.value.code == "program"


def test_a_controller_that_is_not_ready_refuses_and_goes_on_later(stand):
    (camera,) = stand.cameras(keyence())
    camera.glance(soon())
    stand.controller.permitted = False
    with pytest.raises(CameraError, match="error 03: it cannot do so in its present state") as error:
        camera.grab(want(stand, 1), soon())
    assert error.value.code == "refused"
    stand.controller.permitted = True
    assert camera.grab(want(stand, 2), soon()).image == stand.image(2)


def fates(stand: Stand, *deliveries: Delivery) -> None:
    waiting = list(deliveries)
    stand.controller.fate = lambda: waiting.pop(0) if waiting else Delivery()


@pytest.mark.parametrize(
    ("fate", "code"),
    [
        (Delivery(image=0), "timeout"), (Delivery(deaf=True), "timeout"), (Delivery(held=True), "timeout"),
        (Delivery(delay=0.6), "timeout"), (Delivery(cut=True), "unreadable"),
    ],
)  # fmt: skip
def test_a_part_without_its_image_fails_and_no_other_part_gets_it(stand, fate, code):
    (camera,) = stand.cameras(keyence())
    camera.grab(want(stand, 1), soon())
    fates(stand, fate)
    wanted = want(stand, 2)
    assert failure(camera, wanted, soon(0.4)) == "timeout" or code == "unreadable"
    until(lambda: failure(camera, wanted, soon(0.1)) == code)
    frames, part = {}, 2
    while len(frames) < 2:
        part += 1
        assert part < 12, "the count is found again"
        with suppress(CameraError):
            frames[part] = camera.grab(want(stand, part), soon(0.8)).image
    assert frames == {part: stand.image(part) for part in frames}


def failure(camera, wanted: Want, end: float) -> str:
    """The code; the part is triggered once, however often it is asked for."""
    with pytest.raises(CameraError) as error:
        camera.grab(wanted, end)
    return error.value.code


def test_a_doubled_image_is_used_once(stand):
    (camera,) = stand.cameras(keyence())
    fates(stand, Delivery(result=2, image=2, repeat_delay=0.05))
    assert camera.grab(want(stand, 1), soon()).image == stand.image(1)
    assert camera.grab(want(stand, 2), soon()).image == stand.image(2)


def test_a_trigger_that_would_come_too_late_is_not_sent(stand):
    (camera,) = stand.cameras(keyence())
    camera.glance(soon())
    with pytest.raises(CameraError, match="until the part had gone") as error:
        camera.grab(Want(1, None, 0.0, time.monotonic() - 0.1), soon())
    assert error.value.code == "late"
    assert stand.controller.exposures == 0


def test_a_silent_controller_times_out_and_is_connected_anew(stand):
    (camera,) = stand.cameras(keyence())
    camera.grab(want(stand, 1), soon())
    stand.controller.silent = True
    with pytest.raises(CameraError, match="did not answer TA in time") as error:
        camera.grab(want(stand, 2), soon(0.3))
    assert error.value.code == "timeout"
    stand.controller.silent = False
    assert camera.grab(want(stand, 3), soon()).image == stand.image(3)


def test_by_wire_the_camera_counts_beside_the_controller(stand):
    (camera,) = stand.cameras(keyence(trigger="camera", window_ms=200, settle_ms=700))
    frames: dict[int, bytes] = {}

    def grab(part: int) -> None:
        with suppress(CameraError):
            frames[part] = camera.grab(Want(part, None, time.monotonic()), soon(1.2)).image

    def run(*parts: int) -> None:
        time.sleep(1.0)  # the pause before the first part
        threads = []
        for part in parts:
            stand.part = part
            stand.controller.fire()
            threads.append(threading.Thread(target=grab, args=(part,)))
            threads[-1].start()
            time.sleep(0.5)  # the takt
        for thread in threads:
            thread.join()

    part = 40
    while not frames:  # three parts after a pause teach the offset, if the machine keeps their times
        assert part < 60
        run(part + 1, part + 2, part + 3)
        part += 3
    fates(stand, Delivery(held=True))
    run(part + 1, part + 2)
    assert frames == {part: stand.image(part) for part in frames}
    assert part + 1 not in frames, "its image came after the next part's"


def test_results_make_frames_where_no_part_is_announced(stand):
    (camera,) = stand.cameras(keyence(trigger="result"))
    camera.glance(soon())
    stand.part = 7
    stand.controller.fire()
    assert camera.grab(Want(), soon()).image == stand.image(7)
    with pytest.raises(CameraError) as error:
        camera.grab(Want(), soon(0.1))
    assert error.value.code == "timeout"


def test_bitmaps_and_nested_folders_are_the_controllers_own(stand):
    (camera,) = stand.cameras(keyence(), suffix="bmp")
    assert camera.grab(want(stand, 1), soon()).origin.startswith("SD1_000/")
    until(lambda: not any(path.is_file() for path in (stand.folder / "ftp").rglob("*")))


def test_what_line_toml_lacks_is_named(stand, tmp_path):
    stations = read_stations(
        {"station": [{"name": "A", "deadline_ms": 4000, "camera": [keyence()]}]}, tmp_path / "line.toml", 1000
    )
    with pytest.raises(ConfigError, match="no host, and KEYENCE_IP is not set"):
        place_keyence(stations, None, 8500, tmp_path / "line.toml")
    with pytest.raises(ConfigError, match="set FTP_PASSWORD"):
        open_camera("A", stations[0].camera[0], Shared(stations))
    with pytest.raises(ConfigError, match="programs differs from that of camera top"):
        stand.cameras(keyence(), keyence("side", camera=2, programs={"A": 1}))
