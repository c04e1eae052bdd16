"""The stations of line.toml with their cameras."""

from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field

from jidoka.runtime.errors import ConfigError
from jidoka.runtime.settings import section
from jidoka.schemas.types import Name
from jidoka.vision_gateway.kinds import AnyCamera, KeyenceSettings


class Station(BaseModel):
    """A station and its cameras."""

    name: Name
    deadline_ms: float = Field(gt=0)
    camera: list[AnyCamera] = []


def read_stations(data: dict[str, Any], path: Path, default_timeout_ms: float) -> list[Station]:
    """The stations of a parsed line.toml, every camera with its capture timeout. Raises ConfigError."""
    stations = section(list[Station], data, "station", path)
    for station in stations:
        for camera in station.camera:
            camera.capture_timeout_ms = camera.capture_timeout_ms or default_timeout_ms
            if camera.capture_timeout_ms >= station.deadline_ms:
                raise ConfigError(
                    f"{path}: camera {station.name}/{camera.name}: capture_timeout_ms {camera.capture_timeout_ms:g} "
                    f"must be below the station's deadline_ms {station.deadline_ms:g}"
                )
            if camera.trigger == "timer" and camera.period_ms is None:
                raise ConfigError(f"{path}: camera {station.name}/{camera.name}: trigger = 'timer' needs period_ms")
    return stations


def place_keyence(stations: list[Station], address: str | None, port: int, path: Path) -> None:
    """Fills in where the controllers are; `address` (KEYENCE_IP) overrides the first one's. Raises ConfigError."""
    cameras = [(station, camera) for station in stations for camera in station.camera]
    found = [(station, camera) for station, camera in cameras if isinstance(camera, KeyenceSettings)]
    first = (found[0][1].host, found[0][1].port) if found else None
    for station, camera in found:
        if address and (camera.host, camera.port) == first:
            camera.host = address
        camera.port = camera.port or port
        if camera.host is None:
            raise ConfigError(f"{path}: camera {station.name}/{camera.name}: no host, and KEYENCE_IP is not set")
