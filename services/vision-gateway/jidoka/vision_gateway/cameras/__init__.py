"""Cameras, one file per kind, behind one small protocol."""

from jidoka.vision_gateway.cameras.camera import Camera
from jidoka.vision_gateway.cameras.drop import DropCamera
from jidoka.vision_gateway.cameras.folder import FolderCamera
from jidoka.vision_gateway.cameras.simulator import SimulatorCamera
from jidoka.vision_gateway.cameras.video import VideoCamera
from jidoka.vision_gateway.line import AnyCamera, DropSettings, SimulatorSettings, VideoSettings


def open_camera(station: str, settings: AnyCamera) -> Camera:
    """The camera of that kind; it connects at its first use."""
    name = f"camera {station}/{settings.name}"
    if isinstance(settings, SimulatorSettings):
        return SimulatorCamera(name, settings.url)
    if isinstance(settings, DropSettings):
        return DropCamera(name, settings.folder, settings.name_pattern, settings.offset, settings.keep)
    if isinstance(settings, VideoSettings):
        return VideoCamera(name, settings.source)
    return FolderCamera(name, settings.folder, settings.pattern)
