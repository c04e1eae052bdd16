"""False alarms of image health on clean drawn boards, with the demo's own limits; then each fault on some of them.

`python benchmarks/health.py [first seed] [boards]`: 30,000 boards take about 15 minutes of one core.
"""

import sys
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from jidoka.runtime.settings import load_toml
from jidoka.simulator.parts import Recipe, picture
from jidoka.simulator.spoiling import SPOILS
from jidoka.vision_gateway.bench import Bench
from jidoka.vision_gateway.cameras.camera import Shot
from jidoka.vision_gateway.developing import Picture
from jidoka.vision_gateway.health import Figures
from jidoka.vision_gateway.judge import HealthJudge
from jidoka.vision_gateway.line import Processing
from jidoka.vision_gateway.stations import read_stations

LINE = Path(__file__).resolve().parents[1] / "deploy/config/line.toml"
FIRST, BOARDS, FAULTY_EVERY = 1_000_000, 30_000, 100


def main() -> None:
    """Prints the number of false alarms and, of each fault, how many images were found sick."""
    first, boards = (int(one) for one in sys.argv[1:3]) if len(sys.argv) > 2 else (FIRST, BOARDS)
    cv2.setNumThreads(1)
    line, _ = load_toml(LINE)
    limits = read_stations(line, LINE, 3000)[0].camera[0].health
    judge, bench = HealthJudge(limits), Bench(("AOI1", "top"))
    begun, alarms, missed, tried = time.monotonic(), 0, Counter[str](), 0
    for seed in range(first, first + boards):
        image = picture(Recipe(seed, "AOI1", 0.2).part(1 + 50 * (seed % 3))).image
        clean = _developed(bench, image)
        found = judge.sick(*clean)
        if found:
            alarms += 1
            print(f"health: seed {seed}: {'; '.join(found)}")
        if seed % FAULTY_EVERY == 0:
            tried += 1
            spoilt = {name: _developed(bench, spoil(image)) for name, spoil in SPOILS.items()}
            sick = {name: HealthJudge(limits).sick(*one) for name, one in spoilt.items()}
            sick["frozen"] = judge.sick(*clean)
            missed.update(name for name, found in sick.items() if not found)
    faults = [*SPOILS, "frozen"]
    print(f"health: seeds {first} to {first + boards - 1}: {alarms} false alarms in {boards} clean boards")
    print(f"health: faults on {tried} boards: " + ", ".join(f"{name} {tried - missed[name]} found" for name in faults))
    print(f"health: {(time.monotonic() - begun) / boards * 1000:.1f} ms a board")


def _developed(bench: Bench, image: npt.NDArray[np.uint8]) -> tuple[Picture, Figures]:
    """As the simulator's camera sends it."""
    data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 92])[1].tobytes()
    return bench.develop(Shot(data, datetime.now(UTC), "drawn"), Processing())


if __name__ == "__main__":
    main()
