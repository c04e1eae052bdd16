"""Metrics of the simulator."""

from prometheus_client import Counter

PARTS = Counter("jidoka_simulator_parts", "Parts that left a station, by what its gate did.", ["station", "ruling"])
FRAMES = Counter("jidoka_simulator_frames", "Images that a camera gave.", ["station", "camera"])
