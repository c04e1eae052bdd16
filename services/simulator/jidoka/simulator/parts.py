"""What each part is: a pure function of the seed and its sequence, so that a restarted line makes the same parts."""

import random
from dataclasses import dataclass
from functools import lru_cache

from jidoka.simulator.boards import Board, draw

SKUS = ("BOARD-A", "BOARD-B", "BOARD-C")
BATCH_SIZE = 50
KINDS = ("open", "short", "mousebite", "spur", "spurious_copper", "pinhole")


@dataclass(frozen=True, slots=True)
class Part:
    """One board on the belt; `defects` are the kinds that it was made with."""

    sequence: int
    serial: str
    sku: str
    batch: str
    cycle_time_ms: int
    defects: tuple[str, ...]
    board_seed: int


@dataclass(frozen=True, slots=True)
class Recipe:
    """What the line makes: `defect_rate` is the share of parts with one to three defects."""

    seed: int
    station: str
    defect_rate: float

    def part(self, sequence: int) -> Part:
        """The part with that sequence number."""
        dice = random.Random(f"{self.seed}/{self.station}/{sequence}")  # noqa: S311 - a simulation
        batch = (sequence - 1) // BATCH_SIZE
        bad = dice.random() < self.defect_rate
        return Part(
            sequence=sequence,
            serial=f"{self.station}-{self.seed:03d}-{sequence:08d}",
            sku=SKUS[batch % len(SKUS)],
            batch=f"B{batch + 1:05d}",
            cycle_time_ms=round(dice.gauss(1500, 60)),
            defects=tuple(dice.choice(KINDS) for _ in range(dice.randint(1, 3))) if bad else (),
            board_seed=dice.getrandbits(31),
        )


@lru_cache(maxsize=64)
def picture(part: Part) -> Board:
    """The board of a part with the truth about its defects."""
    return draw(part.board_seed, part.sku, defects=part.defects)
