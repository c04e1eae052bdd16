"""`browse HOST`: a controller's tags with their types, as a piece of line.toml on standard output."""

import sys
from collections.abc import Iterator

from jidoka.plc_gateway.catalogue import NUMBERS, TagType
from jidoka.plc_gateway.link import Address, LinkError
from jidoka.plc_gateway.plc import Reader
from jidoka.runtime.errors import ConfigError

_SCALARS = NUMBERS | {"BOOL", "STRING"}


def main(arguments: list[str]) -> None:
    """`HOST`, `HOST:PORT` or `HOST/SLOT`. Raises ConfigError when nothing answers there."""
    if len(arguments) != 1:
        raise ConfigError("browse needs one address: HOST, HOST:PORT or HOST:PORT/SLOT")
    host, _, slot = arguments[0].partition("/")
    if slot and not slot.isdigit():
        raise ConfigError(f"browse {arguments[0]}: the slot {slot!r} is no number")
    try:
        with Reader(Address(host, int(slot or 0))) as link:
            leaves = list(link.catalogue.leaves())
            name = str(link.identity.get("product_name", "controller"))
    except LinkError as error:
        raise ConfigError(f"browse {arguments[0]}: {error}") from error
    sys.stdout.writelines(f"{line}\n" for line in piece(name, host, int(slot or 0), leaves))


def piece(product: str, host: str, slot: int, leaves: list[tuple[str, TagType]]) -> Iterator[str]:
    """Lines of TOML: the controller, and one group with every scalar; structures and arrays as comments."""
    yield f"# {product}: {sum(1 for path, _ in leaves if path.count('.') == path.startswith('Program:'))} tags"
    yield "[[plc]]"
    yield 'name = "plc1"'
    yield f'host = "{host}"'
    yield f"slot = {slot}"
    yield ""
    yield "[[plc.group]]"
    yield 'name = "all"'
    yield "period_ms = 1000"
    yield "tags = ["
    for path, kind in leaves:
        size = f"[{','.join(map(str, kind.dims))}]" if kind.dims else ""
        scalar = kind.name in _SCALARS
        yield f'  "{path}",  # {kind.name}{size}' if scalar else f"  # {path}: {kind.name}{size}"
    yield "]"
