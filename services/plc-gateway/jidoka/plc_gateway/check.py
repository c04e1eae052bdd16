"""`check [HOST]`: line.toml against the controllers; every mistake on a line of its own."""

import sys
from collections.abc import Iterator

from jidoka.plc_gateway import contract, line
from jidoka.plc_gateway.line import Line, Plc
from jidoka.plc_gateway.link import Address, LinkError, WrongAddress
from jidoka.plc_gateway.plan import plan_group
from jidoka.plc_gateway.plc import Reader
from jidoka.plc_gateway.settings import GatewaySettings
from jidoka.runtime.errors import ConfigError
from jidoka.runtime.settings import load_settings, load_toml


def main(arguments: list[str]) -> None:
    """Check every PLC of the file, the first one at HOST when given. Raises ConfigError with all that is wrong."""
    settings = load_settings(GatewaySettings)
    path = settings.line_file
    data, _ = load_toml(path)
    whole = line.read(data, path)
    first = settings.override(whole.plcs[0])
    if arguments:
        first = first.model_copy(update={"host": arguments[0]})
    plcs = (first, *whole.plcs[1:])
    mistakes = [f"{path}: {mistake}" for index, plc in enumerate(plcs) for mistake in mistakes_of(index, plc, whole)]
    if mistakes:
        raise ConfigError("\n".join(mistakes))
    sys.stdout.write(f"{path}: {len(plcs)} PLC, {sum(len(plc.group) for plc in plcs)} groups: all tags are there\n")


def mistakes_of(index: int, plc: Plc, whole: Line) -> Iterator[str]:
    """What of this PLC's tables the controller does not bear out."""
    try:
        with Reader(Address.of(plc)) as link:
            for number, group in enumerate(plc.group):
                for text in plan_group(group, link.catalogue).unknown.values():
                    yield f"plc[{index}].group[{number}].tags: {text}"
            stations = [contract.StationTags(station.tag) for station in whole.stations_of(plc.name)]
            if stations:
                for text in contract.violations(link.catalogue, stations, plc.heartbeat):
                    yield f"station of plc {plc.name}: {text}"
    except WrongAddress as error:
        yield f"plc[{index}].{error.key} = {getattr(plc, error.key)!r}: {error}"
    except LinkError as error:
        yield f"plc[{index}].host = {plc.host!r}: {error}"
