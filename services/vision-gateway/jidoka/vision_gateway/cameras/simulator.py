"""The simulator's camera: it keeps the images of its newest parts and gives them by the controller's counter."""

import http.client
import time
from urllib.parse import urlsplit

from jidoka.vision_gateway.cameras.camera import CameraError, Shot, Want, now

SEQUENCE = "X-Part-Sequence"
LARGEST_ANSWER = 64 * 2**20
PAUSE = 0.02


class SimulatorCamera:
    """`GET <url>?sequence=<counter>` over one kept connection; 404 means not there yet."""

    def __init__(self, name: str, url: str) -> None:
        parts = urlsplit(url)
        self._name, self._url, self._path = name, url, parts.path or "/"
        self._host, self._port = parts.hostname or "127.0.0.1", parts.port or 80
        self._connection: http.client.HTTPConnection | None = None

    def grab(self, want: Want, until: float) -> Shot:
        """The image of that part; one of another part is never given. Raises CameraError."""
        counter = want.counter
        while True:
            status, sequence, body = self._get(self._path + (f"?sequence={counter}" if counter else ""), until)
            if status == http.client.OK:
                if counter and sequence != str(counter):
                    raise CameraError("mismatch", f"{self._name} answered with part {sequence}, asked for {counter}")
                return Shot(body, now(), self._url)
            if status != http.client.NOT_FOUND:
                raise CameraError("offline", f"{self._name} at {self._url} answered {status}")
            if time.monotonic() + PAUSE >= until:
                raise CameraError("timeout", f"{self._name} has no image of part {counter}")
            time.sleep(PAUSE)

    def glance(self, until: float) -> Shot | None:
        """The newest part's image. Raises CameraError."""
        status, _, body = self._get(self._path, until)
        if status not in (http.client.OK, http.client.NOT_FOUND):
            raise CameraError("offline", f"{self._name} at {self._url} answered {status}")
        return Shot(body, now(), self._url) if status == http.client.OK else None

    def close(self) -> None:
        """Close the connection."""
        if self._connection:
            self._connection.close()
        self._connection = None

    def _get(self, target: str, until: float) -> tuple[int, str | None, bytes]:
        fresh = self._connection is None
        try:
            return self._ask(target, until)
        except (http.client.BadStatusLine, BrokenPipeError, ConnectionResetError) as error:
            self.close()
            if fresh:
                raise CameraError("offline", f"{self._name} at {self._url}: {error or 'no answer'}") from error
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise self._failure(error) from error
        # The server closed a connection that had been idle: once more on a new one.
        return self._get(target, until)

    def _ask(self, target: str, until: float) -> tuple[int, str | None, bytes]:
        left = max(0.01, until - time.monotonic())
        if self._connection is None:
            self._connection = http.client.HTTPConnection(self._host, self._port, timeout=left)
            self._connection.connect()
        if self._connection.sock:
            self._connection.sock.settimeout(left)
        self._connection.request("GET", target)
        answer = self._connection.getresponse()
        body = answer.read(LARGEST_ANSWER + 1)
        if len(body) > LARGEST_ANSWER:
            self.close()
            raise CameraError("unreadable", f"{self._name} sent more than {LARGEST_ANSWER >> 20} MiB")
        return answer.status, answer.getheader(SEQUENCE), body

    def _failure(self, error: Exception) -> CameraError:
        if isinstance(error, TimeoutError):
            return CameraError("timeout", f"{self._name} at {self._url} did not answer in time")
        return CameraError("offline", f"{self._name} at {self._url}: {error or type(error).__name__}")
