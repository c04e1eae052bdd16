"""The local stack's mosquitto: loopback only, limits as in production."""

import os
import shutil

from places import Places, StackError

_CONFIG = """listener {port} 127.0.0.1
allow_anonymous true
set_tcp_nodelay true
persistence true
persistence_location {folder}/
autosave_interval 10
max_inflight_messages 2000
max_inflight_bytes 67108864
max_queued_messages 0
max_queued_bytes 268435456
max_packet_size 34603008
memory_limit 1073741824
{user}"""


def prepare(places: Places) -> list[str]:
    """Writes the configuration; returns the command. Raises StackError when mosquitto is not installed."""
    program = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")
    if program is None:
        raise StackError("mosquitto is not installed")
    folder = places.folder("mosquitto")
    user = "user root\n" if os.geteuid() == 0 else ""
    config = folder / "mosquitto.conf"
    config.write_text(_CONFIG.format(port=places.ports["MQTT_PORT"], folder=folder, user=user))
    return [program, "-c", str(config)]
