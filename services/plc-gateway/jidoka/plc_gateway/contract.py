"""The tags of the PLC contract (docs/plc-contract.md): paths, types, and which of them may be written."""

from collections.abc import Iterator
from dataclasses import dataclass

from jidoka.plc_gateway.belt import LEFT
from jidoka.plc_gateway.catalogue import Catalogue, UnknownTag
from jidoka.plc_gateway.parts import RING
from jidoka.schemas import Ruling

CODES = {Ruling.ACCEPT: 1, Ruling.REJECT: 2, Ruling.HOLD: 3}
RULINGS = {code: ruling for ruling, code in CODES.items()}

_RECORD = {
    "Sequence": "DINT",
    "Serial": "STRING",
    "Sku": "STRING",
    "Batch": "STRING",
    "CycleTimeMs": "DINT",
    "AgeMs": "DINT",
    "Check": "DINT",
}


@dataclass(frozen=True, slots=True)
class StationTags:
    """Paths below a station's structure."""

    tag: str

    @property
    def polled(self) -> list[str]:
        """Counter and the three states, in the order of `Poll`."""
        return [f"{self.tag}.{name}" for name in ("Counter", "Bypass", "Changeover", "LineStop")]

    @property
    def line_stop(self) -> str:
        """Set by the gateway, reset by the operator."""
        return f"{self.tag}.LineStop"

    @property
    def account(self) -> str:
        """What really happened to the parts, counted by the controller."""
        return f"{self.tag}.Account"

    def record(self, sequence: int) -> str:
        """The ring's record of a part."""
        return f"{self.tag}.Parts[{sequence % RING}]"

    def age(self, sequence: int) -> str:
        """How old a part is, or was when it left the gate."""
        return f"{self.record(sequence)}.AgeMs"

    def verdict(self, sequence: int) -> tuple[str, str]:
        """Code and sequence of a part's verdict."""
        slot = f"{self.tag}.Verdicts[{sequence % RING}]"
        return f"{slot}.Code", f"{slot}.Sequence"

    def writable(self) -> Iterator[str]:
        """Everything that may be written."""
        for slot in range(RING):
            yield from self.verdict(slot)
        yield self.line_stop

    def expected(self) -> Iterator[tuple[str, str]]:
        """Paths that must exist, with their types; the ring's last element proves its length."""
        yield f"{self.tag}.Counter", "DINT"
        for name in ("Bypass", "Changeover", "LineStop"):
            yield f"{self.tag}.{name}", "BOOL"
        for name, kind in _RECORD.items():
            yield f"{self.record(RING - 1)}.{name}", kind
        for path in self.verdict(RING - 1):
            yield path, "DINT"
        for name in ("Arrived", *LEFT):
            yield f"{self.account}.{name}", "DINT"


def heartbeat_read(tag: str) -> str:
    """Counted up by the controller."""
    return f"{tag}.Plc"


def heartbeat_write(tag: str) -> str:
    """Counted up by the gateway."""
    return f"{tag}.Gateway"


def allow_list(stations: list[StationTags], heartbeat: str) -> frozenset[str]:
    """Every tag that the gateway may write, and nothing else."""
    return frozenset([*(path for tags in stations for path in tags.writable()), heartbeat_write(heartbeat)])


def violations(catalogue: Catalogue, stations: list[StationTags], heartbeat: str) -> Iterator[str]:
    """What the controller lacks of the contract."""
    wanted = [pair for tags in stations for pair in tags.expected()]
    wanted += [(heartbeat_read(heartbeat), "DINT"), (heartbeat_write(heartbeat), "DINT")]
    for path, kind in wanted:
        try:
            found = catalogue.find(path).name
        except UnknownTag as error:
            yield str(error)
            continue
        if found != kind:
            yield f"{path}: the contract says {kind}, the controller has {found}"
