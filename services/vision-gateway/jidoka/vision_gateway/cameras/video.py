"""RTSP streams, USB cameras and video files, by OpenCV. A thread reads all the time and keeps the newest image.

A software trigger: the image of a part is the first one that the camera begins after it is asked.
"""

import os
import threading
import time
from dataclasses import dataclass
from typing import Any

# FFmpeg reads this when a stream is opened: TCP loses no packets, and a dead address fails after 3 s.
os.environ.setdefault("OPENCV_FFMPEG_CAPTURE_OPTIONS", "rtsp_transport;tcp|timeout;3000000")

import cv2

from jidoka.vision_gateway.cameras.camera import CameraError, Shot, Want, now

FIRST_RETRY, LONGEST_RETRY = 0.5, 10.0
SILENT = 5.0


@dataclass(frozen=True, slots=True)
class VideoFormat:
    """What is asked of a USB camera; it may give something else."""

    width: int | None = None
    height: int | None = None
    fps: float | None = None


class VideoCamera:
    """`source` is an RTSP address, a device such as /dev/video0, or a file, played at its own speed, over again."""

    def __init__(self, name: str, source: str, wish: VideoFormat | None = None) -> None:
        self._name, self._source, self._wish = name, source, wish
        self._changed = threading.Condition()
        self._newest: Shot | None = None
        self._began = self._seen = 0.0
        self._trouble: str | None = "not opened yet"
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._read, name=f"video {name}", daemon=True)

    def grab(self, want: Want, until: float) -> Shot:  # noqa: ARG002 - the protocol's
        """The first image begun from now on. Raises CameraError."""
        asked = time.monotonic()
        self._start()
        with self._changed:
            fresh = self._changed.wait_for(lambda: self._newest and self._began >= asked, max(0.0, until - asked))
            if fresh and self._newest:
                return self._newest
            raise self._error("timeout", "no image came in time")

    def glance(self, until: float) -> Shot | None:
        """The newest image. Raises CameraError when none has come for a while."""
        self._start()
        with self._changed:
            self._changed.wait_for(lambda: self._newest, max(0.0, until - time.monotonic()))
            if self._newest and time.monotonic() - self._seen < SILENT:
                return self._newest
            raise self._error("offline", "no image comes")

    def close(self) -> None:
        """Stop reading."""
        self._stopping.set()
        if self._thread.ident:
            self._thread.join(timeout=SILENT)

    def _start(self) -> None:
        if not self._thread.ident:
            self._thread.start()

    def _error(self, code: str, otherwise: str) -> CameraError:
        reason = self._trouble or otherwise
        return CameraError("offline" if self._trouble else code, f"{self._name} at {_shown(self._source)}: {reason}")

    def _read(self) -> None:
        wait = FIRST_RETRY
        while not self._stopping.is_set():
            capture = self._open()
            if capture.isOpened():
                wait = FIRST_RETRY if self._play(capture) else wait
            else:
                self._say("cannot be opened")
            capture.release()
            if self._trouble:
                self._stopping.wait(wait)
                wait = min(wait * 2, LONGEST_RETRY)

    def _open(self) -> Any:
        capture = cv2.VideoCapture(self._source)
        wish = self._wish or VideoFormat()
        properties = (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT, cv2.CAP_PROP_FPS)
        for code, value in zip(properties, (wish.width, wish.height, wish.fps), strict=True):
            if value is not None:
                capture.set(code, value)
        return capture

    def _play(self, capture: Any) -> bool:
        """Read until the source ends; whether any image came. The end of a file is no trouble."""
        file = capture.get(cv2.CAP_PROP_FRAME_COUNT) > 0
        pause = 1 / (capture.get(cv2.CAP_PROP_FPS) or 25.0) if file else 0.0
        came = False
        while not self._stopping.is_set():
            began = time.monotonic()
            done, pixels = capture.read()
            if not done:
                break
            came = True
            with self._changed:
                self._newest, self._began, self._trouble = Shot(pixels, now(), _shown(self._source)), began, None
                self._seen = time.monotonic()
                self._changed.notify_all()
            self._stopping.wait(max(0.0, began + pause - time.monotonic()))
        if not (file and came):
            self._say("the stream ended")
        return came

    def _say(self, trouble: str) -> None:
        with self._changed:
            self._trouble = trouble
            self._changed.notify_all()


def _shown(source: str) -> str:
    """The source without the password that an RTSP address may hold."""
    scheme, separator, rest = source.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}" if separator else source
