"""Temperature, pressure and vibration that wander about their set points."""

import random
from dataclasses import dataclass, field


@dataclass(slots=True)
class Process:
    """Mean-reverting random walks, one step each 100 ms."""

    seed: int
    temperature: float = 42.0
    pressure: float = 6.0
    dice: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.dice = random.Random(f"process/{self.seed}")  # noqa: S311 - a simulation

    def step(self) -> dict[str, float | list[float]]:
        """The next values: Temperature in degrees Celsius, Pressure in bar, Vibration in mm/s."""
        self.temperature += 0.02 * (42.0 - self.temperature) + self.dice.gauss(0, 0.08)
        self.pressure += 0.05 * (6.0 - self.pressure) + self.dice.gauss(0, 0.01)
        return {
            "Temperature": round(self.temperature, 3),
            "Pressure": round(self.pressure, 4),
            "Vibration": round(abs(self.dice.gauss(1.2, 0.2)), 3),
            "Zone": [
                round(self.temperature + offset + self.dice.gauss(0, 0.05), 3) for offset in (-3.0, 0.0, 2.5, 4.0)
            ],
        }
