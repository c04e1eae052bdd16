"""What several cameras have in common: our FTP server, and controllers with more than one camera."""

from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from jidoka.runtime.errors import ConfigError
from jidoka.runtime.logs import log
from jidoka.vision_gateway.cameras.cvx import CvxController
from jidoka.vision_gateway.cameras.mailbox import Mailbox
from jidoka.vision_gateway.cameras.receiver import Receiver
from jidoka.vision_gateway.kinds import FtpCameraSettings, KeyenceSettings
from jidoka.vision_gateway.settings import FtpSettings
from jidoka.vision_gateway.stations import Station

HOST_LINK = 8501


class Shared:
    """Made before the cameras; `serving` is entered around them. Raises ConfigError."""

    def __init__(self, stations: list[Station], ftp: FtpSettings | None = None, folder: Path = Path()) -> None:
        kinds = (FtpCameraSettings, KeyenceSettings)
        wanted = any(isinstance(camera, kinds) for station in stations for camera in station.camera)
        self._receiver = Receiver(ftp, folder) if wanted and ftp else None
        self._controllers: dict[tuple[str, int], tuple[KeyenceSettings, CvxController]] = {}

    @property
    def ftp_port(self) -> int | None:
        """Where images are received."""
        return self._receiver.port if self._receiver else None

    def serving(self) -> AbstractContextManager[object]:
        """The FTP server at work."""
        return self._receiver or nullcontext()

    def alive(self) -> bool:
        """Whether the FTP server's thread runs, where there is one."""
        return self._receiver is None or self._receiver.alive()

    def mailbox(self, name: str, labels: tuple[str, str], user: str, pattern: str) -> Mailbox:
        """Where the files of this camera arrive."""
        if self._receiver is None:
            raise ConfigError(f"{name} pushes images by FTP: set FTP_PASSWORD (and FTP_HOST to an address it reaches)")
        box = Mailbox(labels, pattern)
        self._receiver.register(user, box)
        return box

    def controller(self, name: str, settings: KeyenceSettings) -> CvxController:
        """The controller of this camera, one for all cameras at its address."""
        address = (settings.host or "", settings.port or 0)
        if address not in self._controllers:
            self._controllers[address] = settings, _controller(address, settings)
        first, made = self._controllers[address]
        for field in ("programs", "result", "trigger"):
            if getattr(first, field) != getattr(settings, field):
                raise ConfigError(f"{name}: {field} differs from that of camera {first.name} of the same controller")
        return made


def _controller(address: tuple[str, int], settings: KeyenceSettings) -> CvxController:
    host, port = address
    log.info("keyence", host=host, port=port)
    if port == HOST_LINK:
        log.warning("keyence_port", port=port, reason="8501 is a KV controller's Host Link; a CV-X listens on 8500")
    commanded = settings.trigger in ("part", "timer")
    return CvxController(f"CV-X {host}", address, settings.programs, {**settings.result}, commanded=commanded)
