"""What goes wrong between an exposure and whoever waits for it."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Delivery:
    """How one exposure is delivered. `held` exposures go out after the next one: the order is swapped."""

    deaf: bool = False
    result: int = 1
    image: int = 1
    delay: float = 0.0
    repeat_delay: float = 0.0
    held: bool = False
    cut: bool = False


CleanDelivery = Delivery()


@dataclass(slots=True)
class RandomFaults:
    """Draws a fault for each exposure with the given probability, evenly among the kinds; counts what it drew."""

    seed: int
    probability: float
    longest_delay: float
    dice: random.Random = field(init=False)
    drawn: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)  # noqa: S311 - a simulation

    def __call__(self) -> Delivery:
        """The next exposure's fate."""
        if self.dice.random() >= self.probability:
            return CleanDelivery
        kind = self.dice.choice(list(_KINDS))
        self.drawn[kind] = self.drawn.get(kind, 0) + 1
        return _KINDS[kind](self.dice.uniform(0.0, self.longest_delay))


_KINDS: dict[str, Callable[[float], Delivery]] = {
    "delayed": lambda seconds: Delivery(delay=seconds),
    "image lost": lambda _: Delivery(image=0),
    "result lost": lambda _: Delivery(result=0),
    "both lost": lambda _: Delivery(result=0, image=0),
    "doubled": lambda seconds: Delivery(result=2, image=2, repeat_delay=seconds),
    "swapped": lambda _: Delivery(held=True),
    "upload cut": lambda _: Delivery(cut=True),
    "trigger ignored": lambda _: Delivery(deaf=True),
}
