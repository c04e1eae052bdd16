"""The inference service: frames in, inspections and evidence out."""

from contextlib import closing

import cv2

from jidoka.inference import __version__
from jidoka.inference.alarms import RefusedModels
from jidoka.inference.inspector import Inspector
from jidoka.inference.line import read_rules
from jidoka.inference.loading import open_models
from jidoka.inference.reference import read_goldens
from jidoka.inference.settings import InferenceSettings
from jidoka.runtime.bus import Bus
from jidoka.runtime.journal import Journal
from jidoka.runtime.memory import keep_freed_memory
from jidoka.runtime.service import Service, run
from jidoka.runtime.settings import line_scope, load_settings, load_toml
from jidoka.schemas import Frame


def main() -> None:
    """Wires and runs the service."""
    settings = load_settings(InferenceSettings)
    line, sha256 = load_toml(settings.line_file)
    rules, config_sha256 = read_rules(line, sha256, settings.line_file, settings.defect_threshold)
    goldens = read_goldens(rules.golden, settings.line_file)
    scope, name = line_scope(line, settings.line_file), settings.service
    cv2.setNumThreads(1)
    keep_freed_memory()
    with Service(name, settings, __version__) as service, closing(Journal(settings.journal_path)) as journal:
        bus = Bus(settings.mqtt, scope, name, settings.instance, __version__, journal, receive_maximum=1)
        refused = RefusedModels(bus, journal, settings.instance)
        # Models first: a replica that is online takes its share of the frames.
        with open_models(rules, goldens, settings, refused) as models, bus:
            service.watch("bus", bus)
            service.watch("models", models)
            inspector = Inspector(lambda *part: models.current(rules.model_for(*part)), rules, config_sha256, goldens)
            bus.subscribe(Frame, share="inference")
            while service.alive():
                with service.patience(), bus.batch(up_to=1, within=0.5) as batch:
                    for frame in batch.messages:
                        if isinstance(frame, Frame):
                            inspector.work(frame, bus)


if __name__ == "__main__":
    run(main)
