"""One station of the controller's program: arrivals into the ring, verdicts at the gate, its own account."""

from dataclasses import dataclass
from typing import Any

from jidoka.simulator.belt import Belt
from jidoka.simulator.logix import Memory
from jidoka.simulator.parts import Part, Recipe
from jidoka.simulator.plant import RING

ACCEPT, REJECT, HOLD, BYPASS = 1, 2, 3, 4
RULING = {ACCEPT: "accept", REJECT: "reject", HOLD: "hold", BYPASS: "bypass"}
_ACCOUNT = {ACCEPT: "Accepted", REJECT: "Rejected", HOLD: "Held", BYPASS: "Bypassed"}


@dataclass(slots=True)
class Station:
    """Moves parts past the camera to the gate; the gate's default is hold."""

    name: str
    memory: Memory
    belt: Belt
    recipe: Recipe

    def arrive(self, sequence: int) -> dict[str, Any]:
        """Writes a part into the ring, its Check last, and counts it; returns the tags that it set."""
        part = self.recipe.part(sequence)
        record = {
            "Sequence": sequence,
            "Serial": part.serial,
            "Sku": part.sku,
            "Batch": part.batch,
            "CycleTimeMs": part.cycle_time_ms,
            "AgeMs": 0,
            "Check": sequence,
        }
        tags = {
            f"{self.name}.Parts[{sequence % RING}]": record,
            f"{self.name}.Part": record,
            f"{self.name}.Counter": sequence,
        }
        with self.memory.atomic():
            for path, value in tags.items():
                self.memory.set(path, value)
            self._count("Arrived")
        return tags

    def leave(self, sequence: int) -> tuple[Part, int]:
        """The part at the gate and what was done with it."""
        part = self.recipe.part(sequence)
        with self.memory.atomic():
            code = self._code(sequence)
            self._count(_ACCOUNT[code])
            if code == ACCEPT and part.defects:
                self._count("WronglyAccepted")
        return part, code

    def age(self) -> None:
        """Keeps AgeMs of the parts on the belt."""
        with self.memory.atomic():
            for sequence, age in self.belt.riding:
                self.memory.set(f"{self.name}.Parts[{sequence % RING}].AgeMs", round(age))

    def stopped(self) -> bool:
        """Whether the gateway asked for a line stop."""
        return bool(self.memory.get(f"{self.name}.LineStop"))

    def _code(self, sequence: int) -> int:
        if self.memory.get(f"{self.name}.Bypass"):
            return BYPASS
        verdict = self.memory.get(f"{self.name}.Verdicts[{sequence % RING}]")
        known = verdict["Sequence"] == sequence and verdict["Code"] in (ACCEPT, REJECT, HOLD)
        return int(verdict["Code"]) if known else HOLD

    def _count(self, member: str) -> None:
        path = f"{self.name}.Account.{member}"
        self.memory.set(path, self.memory.get(path) + 1)
