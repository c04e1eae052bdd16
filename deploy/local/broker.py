"""The local stack's mosquitto: loopback only, limits as in production."""

import os
import shutil
from pathlib import Path

from places import Places, StackError

SHARED = Path(__file__).with_name("mosquitto.conf")


def prepare(places: Places) -> list[str]:
    """Writes the configuration; returns the command. Raises StackError when mosquitto is not installed."""
    program = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")
    if program is None:
        raise StackError("mosquitto is not installed")
    folder = places.folder("mosquitto")
    own = [f"listener {places.ports['MQTT_PORT']} 127.0.0.1", f"persistence_location {folder}/"]
    if os.geteuid() == 0:
        own.append("user root")
    config = folder / "mosquitto.conf"
    config.write_text("\n".join([*own, SHARED.read_text()]))
    return [program, "-c", str(config)]
