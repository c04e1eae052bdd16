"""`python -m jidoka.plc_gateway` runs the service; `browse` and `check` look at a controller."""

import sys
from contextlib import closing
from dataclasses import replace

from jidoka.plc_gateway import browse, check, line
from jidoka.plc_gateway.gateway import Gateway
from jidoka.plc_gateway.settings import GatewaySettings
from jidoka.runtime.bus import Bus
from jidoka.runtime.outbox import Journal
from jidoka.runtime.service import Service, run
from jidoka.runtime.settings import line_scope, load_settings, load_toml
from jidoka.schemas import CaptureFailed, Inspection

VERSION = "0.1.0"
_SWITCH_S = 0.001


def serve() -> None:
    """Scan, take parts, decide, until stopped."""
    # Python's 5 ms would let a scan of many tags keep a verdict waiting as long, several times over.
    sys.setswitchinterval(_SWITCH_S)
    settings = load_settings(GatewaySettings)
    data, sha256 = load_toml(settings.line_file)
    scope = line_scope(data, settings.line_file)
    plan = line.read(data, settings.line_file)
    plan = replace(plan, plcs=(settings.override(plan.plcs[0]), *plan.plcs[1:]))
    with (
        Service("plc-gateway", settings, version=VERSION) as service,
        closing(Journal(settings.journal_path)) as journal,
        Bus(settings.mqtt, scope, "plc-gateway", settings.instance, VERSION, journal) as bus,
        Gateway(plan, sha256, bus, journal, settings.instance) as gateway,
    ):
        service.watch("bus", bus)
        service.watch("plc", gateway)
        bus.subscribe(Inspection, CaptureFailed)
        while service.alive():
            gateway.verify()
            with service.patience(), bus.batch(up_to=1, within=0.5) as batch:
                for message in batch.messages:
                    if isinstance(message, Inspection | CaptureFailed):
                        gateway.desk.hear(message)


def main() -> None:
    """Choose what to do by the first argument."""
    verb, *rest = sys.argv[1:] or ["serve"]
    if verb == "serve" and not rest:
        run(serve)
    elif verb == "browse":
        run(lambda: browse.main(rest))
    elif verb == "check":
        run(lambda: check.main(rest))
    else:
        sys.stderr.write("usage: python -m jidoka.plc_gateway [browse HOST[:PORT][/SLOT] | check [HOST]]\n")
        sys.exit(2)


if __name__ == "__main__":
    main()
