"""Saves an image of a configured camera with its health figures, for commissioning.

`python -m jidoka.vision_gateway.preview AOI1 top` saves one; with `--frames 30` it measures as many different images
and prints the table `health` for line.toml.
"""

import argparse
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

from jidoka.runtime.errors import ConfigError
from jidoka.runtime.service import run
from jidoka.runtime.settings import load_settings, load_toml
from jidoka.vision_gateway.bench import Bench
from jidoka.vision_gateway.cameras import Shared, open_camera
from jidoka.vision_gateway.cameras.camera import Camera, CameraError, Shot, Want
from jidoka.vision_gateway.developing import Picture
from jidoka.vision_gateway.health import Figures, diagnose
from jidoka.vision_gateway.kinds import AnyCamera
from jidoka.vision_gateway.learning import learn, table
from jidoka.vision_gateway.settings import VisionSettings
from jidoka.vision_gateway.stations import place_keyence, read_stations

ANSWER = 3.0
PAUSE = 0.1


def main(arguments: list[str] | None = None) -> None:
    """Take, save, measure. Raises ConfigError when the camera is not configured or gives nothing."""
    given = _arguments(arguments)
    settings = load_settings(VisionSettings)
    line, _ = load_toml(settings.line_file)
    stations = read_stations(line, settings.line_file, settings.vision_timeout)
    place_keyence(stations, settings.keyence_ip, settings.keyence_port, settings.line_file)
    camera = next((c for s in stations if s.name == given.station for c in s.camera if c.name == given.camera), None)
    if camera is None:
        raise ConfigError(f"{settings.line_file}: no camera {given.station}/{given.camera}")
    shared = Shared(stations, settings.ftp, settings.data_dir / "preview-ftp")
    source = open_camera(given.station, camera, shared)
    try:
        with shared.serving(), closing(source), closing(Bench((given.station, given.camera))) as bench:
            _report(given, camera, list(_pictures(given, camera, source, bench)))
    except CameraError as error:
        raise ConfigError(str(error)) from error


def _report(given: argparse.Namespace, camera: AnyCamera, developed: list[tuple[Picture, Figures]]) -> None:
    last, figures = developed[-1][0], [measured for _, measured in developed]
    given.out.write_bytes(last.jpeg)
    sick = diagnose(figures[-1], camera.health)
    sys.stdout.write(f"{given.out}: {last.width} x {last.height}, {len(last.jpeg)} bytes\n{_text(figures[-1])}")
    sys.stdout.write(f"health: {'; '.join(sick) or 'good'}\n")
    if given.frames > 1:
        sys.stdout.write(f"\n# measured on {len(figures)} images\n{table(learn(figures))}")


def _pictures(
    given: argparse.Namespace, camera: AnyCamera, source: Camera, bench: Bench
) -> Iterator[tuple[Picture, Figures]]:
    """So many different pictures with their figures, as they come."""
    last, found, end = b"", 0, time.monotonic() + given.seconds
    while found < given.frames:
        picture, figures = bench.develop(_shot(source), camera.processing)
        if picture.jpeg != last:
            last, found = picture.jpeg, found + 1
            yield picture, figures
        elif time.monotonic() > end:
            raise CameraError("timeout", f"only {found} different images came within {given.seconds:g} s")
        else:
            time.sleep(PAUSE)


def _shot(source: Camera) -> Shot:
    until = time.monotonic() + ANSWER
    return source.glance(until) or source.grab(Want(), until)


def _text(figures: Figures) -> str:
    return "".join(f"{name}: {value}\n" for name, value in asdict(figures).items() if name != "texture")


def _arguments(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m jidoka.vision_gateway.preview", description=__doc__.splitlines()[0]
    )
    parser.add_argument("station")
    parser.add_argument("camera")
    parser.add_argument("--frames", type=int, default=1, help="different images to measure (1)")
    parser.add_argument("--seconds", type=float, default=120, help="how long to wait for them (120)")
    parser.add_argument("--out", type=Path, default=Path("preview.jpg"), help="where the last image goes (preview.jpg)")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    run(main)
