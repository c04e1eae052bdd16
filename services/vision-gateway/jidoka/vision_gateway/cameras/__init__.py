"""Cameras, one file per kind, behind one small protocol."""

from jidoka.vision_gateway import kinds
from jidoka.vision_gateway.cameras.camera import Camera
from jidoka.vision_gateway.cameras.drop import DropCamera
from jidoka.vision_gateway.cameras.folder import FolderCamera
from jidoka.vision_gateway.cameras.genicam import open_genicam
from jidoka.vision_gateway.cameras.keyence import KeyenceCamera, WiredKeyenceCamera
from jidoka.vision_gateway.cameras.shared import Shared
from jidoka.vision_gateway.cameras.simulator import SimulatorCamera
from jidoka.vision_gateway.cameras.video import VideoCamera, VideoFormat
from jidoka.vision_gateway.cameras.wired import WiredCamera

__all__ = ["Camera", "Shared", "open_camera"]


def open_camera(station: str, settings: kinds.AnyCamera, shared: Shared) -> Camera:  # noqa: PLR0911 - one a kind
    """The camera of that kind; it connects at its first use. Raises ConfigError."""
    name, labels = f"camera {station}/{settings.name}", (station, settings.name)
    match settings:
        case kinds.SimulatorSettings():
            return SimulatorCamera(name, settings.url)
        case kinds.FolderSettings():
            return FolderCamera(name, settings.folder, settings.pattern)
        case kinds.DropSettings():
            return DropCamera(name, settings.folder, settings.name_pattern, settings.offset, settings.keep)
        case kinds.FtpCameraSettings():
            box = shared.mailbox(name, labels, settings.user, settings.name_pattern)
            return WiredCamera(name, box, settings)
        case kinds.VideoSettings():
            return VideoCamera(name, settings.source)
        case kinds.RtspSettings():
            return VideoCamera(name, settings.url)
        case kinds.UsbSettings():
            return VideoCamera(name, settings.device, VideoFormat(settings.width, settings.height, settings.fps))
        case kinds.GenicamSettings():
            return open_genicam(name, labels, settings)
        case kinds.KeyenceSettings():
            return _keyence(name, labels, settings, shared)


def _keyence(name: str, labels: tuple[str, str], settings: kinds.KeyenceSettings, shared: Shared) -> Camera:
    box = shared.mailbox(name, labels, settings.user, settings.pattern)
    controller = shared.controller(name, settings)
    if settings.trigger == "camera":
        return WiredKeyenceCamera(name, controller, box, settings)
    return KeyenceCamera(name, settings.camera, controller, box, settings.trigger)
