"""GenICam cameras by a GenTL producer, which runs in a process of its own: see genicam_process."""

import json
import struct
import subprocess
import sys
import threading
import time
from importlib.util import find_spec
from typing import IO, Any

from jidoka.runtime.errors import ConfigError
from jidoka.vision_gateway import MOST_PIXELS
from jidoka.vision_gateway.cameras.camera import Camera, CameraError, Shot, Want, now
from jidoka.vision_gateway.cameras.pixels import read_pixels
from jidoka.vision_gateway.cameras.tray import Tray
from jidoka.vision_gateway.cameras.wired import Counted, WiredCamera
from jidoka.vision_gateway.kinds import GenicamSettings

COMMAND = [sys.executable, "-m", "jidoka.vision_gateway.cameras.genicam_process"]
FIRST_RETRY, LONGEST_RETRY = 0.5, 10.0
MOST_BYTES = MOST_PIXELS * 8
LEAVE = 3.0
LOOK_AGAIN = 0.25


def open_genicam(name: str, labels: tuple[str, str], settings: GenicamSettings) -> Camera:
    """On request, by software trigger or the next image; or every image, with parts or free. Raises ConfigError."""
    if find_spec("genicam") is None or find_spec("harvesters") is None:
        raise ConfigError(f'{name}: kind = "genicam" needs the packages genicam and harvesters (the extra genicam)')
    tray = Tray(labels)
    process = GenicamProcess(name, settings, tray)
    if settings.trigger in ("camera", "free"):
        return WiredGenicamCamera(name, process, tray, settings)
    return GenicamCamera(name, process, tray)


class GenicamProcess:
    """Starts the producer's process, and again with back-off when it has died; images go to the tray."""

    def __init__(self, name: str, settings: GenicamSettings, tray: Tray) -> None:
        self._name, self._tray = name, tray
        every = settings.trigger in ("camera", "free")
        self._config = {
            "producer": str(settings.producer.absolute()),
            "device": settings.device,
            "features": settings.features,
            "every": every,
        }
        self._process: subprocess.Popen[bytes] | None = None
        self._broken = False
        self._retry, self._not_before, self._trouble = FIRST_RETRY, 0.0, "not started yet"

    @property
    def pid(self) -> int | None:
        """Of the producer's process."""
        return self._process.pid if self._process else None

    def ensure(self) -> None:
        """Raises CameraError while it is down."""
        if self._process and self._process.poll() is None:
            return
        if time.monotonic() < self._not_before:
            raise self.failure()
        self._not_before, self._retry = time.monotonic() + self._retry, min(self._retry * 2, LONGEST_RETRY)
        self._tray.clear()
        command = [*COMMAND, json.dumps(self._config)]
        self._trouble, self._broken = "it has given no image yet", False
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        threading.Thread(target=self._read, args=(self._process,), name=f"genicam {self._name}", daemon=True).start()

    def ask(self) -> None:
        """An image begun from now on. Raises CameraError."""
        self.ensure()
        if self._process and self._process.stdin:
            try:
                self._process.stdin.write(b"?")
                self._process.stdin.flush()
            except OSError as error:
                raise self.failure() from error

    def down(self) -> bool:
        """Whether the process has ended, or has said why it will."""
        return self._broken or self._process is None or self._process.poll() is not None

    def failure(self) -> CameraError:
        """Why no image comes."""
        return CameraError("offline" if self.down() else "timeout", f"{self._name}: {self._trouble}")

    def close(self) -> None:
        """End it."""
        process, self._process = self._process, None
        if process is None:
            return
        if process.stdin:
            process.stdin.close()
        try:
            process.wait(LEAVE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _read(self, process: subprocess.Popen[bytes]) -> None:
        if process.stdout is None:
            return
        with process.stdout as stream:
            while header := _header(stream):
                if "trouble" in header:
                    self._trouble, self._broken = str(header["trouble"]), True
                    self._tray.wake()
                    continue
                if "torn" in header:
                    self._trouble = "an image came incomplete: packets were lost on the way"
                    self._tray.spoil(None, self._trouble)
                    continue
                data = stream.read(header["bytes"])
                if len(data) == header["bytes"]:
                    self._lay(header, data)
        code = process.wait()
        if code < 0:
            self._trouble = f"the producer's process died of signal {-code}"
        self._tray.wake()

    def _lay(self, header: dict[str, Any], data: bytes) -> None:
        try:
            pixels = read_pixels(data, header["width"], header["height"], header["format"])
        except ValueError as error:
            self._trouble = str(error)
            self._tray.spoil(header["number"], self._trouble)
            return
        self._retry, self._trouble = FIRST_RETRY, "no image came in time"
        self._tray.lay(header["number"], Shot(pixels, now(), f"{self._name} frame {header['number']}"))


class GenicamCamera:
    """An image on request."""

    def __init__(self, name: str, process: GenicamProcess, tray: Tray) -> None:
        self._name, self._process, self._tray = name, process, tray

    def grab(self, want: Want, until: float) -> Shot:  # noqa: ARG002 - the protocol's
        """The first image begun from now on. Raises CameraError."""
        asked = time.monotonic()
        self._process.ensure()
        self._tray.newest()
        self._tray.clear()
        self._process.ask()
        while True:
            shot = self._tray.newest()
            if shot:
                return shot
            trouble = self._tray.trouble(None, asked)
            if trouble:
                raise CameraError("unreadable", f"{self._name}: {trouble}")
            if time.monotonic() >= until or self._process.down():
                raise self._process.failure()
            self._tray.wait(min(until, time.monotonic() + LOOK_AGAIN))

    def glance(self, until: float) -> Shot | None:
        """An image. Raises CameraError."""
        return self.grab(Want(), until)

    def close(self) -> None:
        """End the producer's process."""
        self._process.close()


class WiredGenicamCamera(WiredCamera):
    """Every image of a camera that is triggered by a wire or runs free."""

    def __init__(self, name: str, process: GenicamProcess, tray: Tray, settings: Counted) -> None:
        super().__init__(name, tray, settings)
        self._process = process

    def grab(self, want: Want, until: float) -> Shot:
        """The part's image; without a part the next one. Raises CameraError."""
        self._process.ensure()
        return super().grab(want, until)

    def glance(self, until: float) -> Shot | None:
        """The image that came last. Raises CameraError."""
        self._process.ensure()
        return super().glance(until)

    def close(self) -> None:
        """End the producer's process."""
        self._process.close()


def _header(stream: IO[bytes]) -> dict[str, Any] | None:
    """None at the end of the stream, or at what is no header."""
    length = stream.read(4)
    if len(length) < 4 or struct.unpack(">I", length)[0] > 65_536:
        return None
    text = stream.read(struct.unpack(">I", length)[0])
    header: dict[str, Any] = json.loads(text)
    return None if header.get("bytes", 0) > MOST_BYTES else header
