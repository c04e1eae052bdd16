"""The vision gateway: takes the image of every part and hands it on."""

from contextlib import closing

import cv2

from jidoka.runtime.bus import Bus
from jidoka.runtime.journal import Journal
from jidoka.runtime.memory import keep_freed_memory
from jidoka.runtime.service import Service, run
from jidoka.runtime.settings import line_scope, load_settings, load_toml
from jidoka.schemas import PartArrived
from jidoka.vision_gateway import __version__
from jidoka.vision_gateway.alarms import Alarms
from jidoka.vision_gateway.cameras import Shared
from jidoka.vision_gateway.crew import Crew
from jidoka.vision_gateway.live import LiveView
from jidoka.vision_gateway.settings import VisionSettings
from jidoka.vision_gateway.stations import place_keyence, read_stations


def main() -> None:
    """Wires and runs the service."""
    settings = load_settings(VisionSettings)
    line, _ = load_toml(settings.line_file)
    stations = read_stations(line, settings.line_file, settings.vision_timeout)
    place_keyence(stations, settings.keyence_ip, settings.keyence_port, settings.line_file)
    shared = Shared(stations, settings.ftp, settings.data_dir / f"{settings.instance}-ftp")
    scope, name = line_scope(line, settings.line_file), settings.service
    cv2.setNumThreads(1)
    keep_freed_memory()
    with (
        Service(name, settings, __version__) as service,
        closing(Journal(settings.journal_path)) as journal,
        Bus(settings.mqtt, scope, name, settings.instance, __version__, journal) as bus,
        LiveView(bus) as live,
        shared.serving(),
        Crew(stations, bus, Alarms(bus, journal, settings.instance), live, settings.instance, shared) as crew,
    ):
        service.watch("bus", bus)
        service.watch("cameras", crew)
        bus.subscribe(PartArrived)
        while service.alive():
            crew.assert_alive()
            with service.patience(), bus.batch(up_to=1, within=0.5) as batch:
                for part in batch.messages:
                    if isinstance(part, PartArrived):
                        crew.capture(part)


if __name__ == "__main__":
    run(main)
