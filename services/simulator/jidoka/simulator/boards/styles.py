"""The ways in which parts of a board are laid out: buses, pads with routes, copper areas, markings."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from jidoka.simulator.boards.canvas import SIZE, Canvas
from jidoka.simulator.boards.shapes import Area, Disc, Point, Shape, Track, pad

_HEADINGS = [(1, 0), (1, 1), (0, 1), (-1, 1), (-1, 0), (-1, -1), (0, -1), (1, -1)]


@dataclass(frozen=True)
class Region:
    """A rectangle of the board, pixels, right and bottom exclusive."""

    left: float
    top: float
    right: float
    bottom: float

    def at(self, rng: np.random.Generator, margin: float = 0.0) -> Point:
        """Return a random point of it, at least `margin` from its sides where it is large enough."""
        x, y = (
            float(rng.uniform(low + margin, max(low + margin + 1, high - margin)))
            for low, high in ((self.left, self.right), (self.top, self.bottom))
        )
        return x, y


Style = Callable[[Canvas, np.random.Generator, Region], None]


def bus(canvas: Canvas, rng: np.random.Generator, region: Region) -> None:
    """Parallel tracks through the region, with common 45 degree jogs, some of them interrupted."""
    upright = rng.random() < 0.6
    along = (region.top, region.bottom) if upright else (region.left, region.right)
    across = (region.left, region.right) if upright else (region.top, region.bottom)
    width_low, width_high = [(5, 12), (8, 26), (24, 100), (6, 60)][rng.integers(4)]
    jog = _jogged(rng, along)
    gap = float(rng.uniform(7, 34))
    position = across[0] + gap
    while True:
        width = float(rng.uniform(width_low, width_high))
        if position + width > across[1]:
            return
        line = [(position + width / 2 + aside, distance) for distance, aside in jog]
        for piece in _interrupted(rng, line, width):
            points = piece if upright else [(y, x) for x, y in piece]
            canvas.place([Track(points, width)], gap * 0.6)
        if rng.random() < 0.3:
            gap = float(rng.uniform(8, 60))
        position += width + gap


def _jogged(rng: np.random.Generator, along: tuple[float, float]) -> list[Point]:
    """Return (distance along, offset aside) of a line that runs the whole way with a few jogs."""
    distance, aside = along[0] - 20, 0.0
    line = [(distance, aside)]
    for _ in range(rng.integers(0, 4)):
        distance += float(rng.uniform(60, 220))
        step = float(rng.uniform(12, 70)) * float(rng.choice([-1, 1]))
        line += [(distance, aside), (distance + abs(step), aside + step)]
        distance, aside = line[-1]
    line = [point for point in line if point[0] < along[1]]
    return [*line, (along[1] + 20, line[-1][1])]


def _interrupted(rng: np.random.Generator, line: list[Point], width: float) -> list[list[Point]]:
    """Return the line, or now and then its two parts with a designed gap in the last stretch."""
    (x, start), (last_x, end) = line[-2:]
    if rng.random() > 0.12 or x != last_x or end - start < 150 + 2 * width:
        return [line]
    cut = float(rng.uniform(start + 50, end - 90 - width))
    return [[*line[:-1], (x, cut)], [(x, cut + width + float(rng.uniform(20, 45))), line[-1]]]


def pads_with_routes(canvas: Canvas, rng: np.random.Generator, region: Region) -> None:
    """Pads on a pitch, drilled or not, and tracks that leave them."""
    pitch_x, pitch_y = (float(rng.uniform(48, 120)) for _ in range(2))
    size = float(rng.uniform(0.36, 0.72)) * min(pitch_x, pitch_y)
    make = [_ring, _square, _land][rng.integers(3)]
    tall, turn = float(rng.uniform(0.6, 1.4)), float(rng.choice([0.0, 0.0, 0.0, rng.uniform(-0.6, 0.6)]))
    ring = float(rng.uniform(5.5, 10))
    hole = size * min(tall, 1) / 2 - ring if rng.random() < 0.6 else 0.0
    share = rng.uniform(0.4, 1.0)
    pads: list[tuple[Point, Shape]] = []
    for y in np.arange(region.top + pitch_y / 2, region.bottom, pitch_y):
        for x in np.arange(region.left + pitch_x / 2, region.right, pitch_x):
            shape = make((float(x), float(y)), size, tall, turn)
            if rng.random() < share and canvas.place([shape], 7):
                pads.append(((float(x), float(y)), shape))
    width = float(rng.uniform(5, min(18, 0.5 * size)))
    for centre, shape in pads:
        if rng.random() < 0.75:
            route(canvas, rng, centre, [shape], width)
    if hole >= 6.5:
        reach = 0.7 * (ring - 5.5)
        off_x, off_y = rng.uniform(-reach, reach, 2)
        for (x, y), _ in pads:
            canvas.drill(Disc((x + float(off_x), y + float(off_y)), hole))


def _ring(centre: Point, size: float, _tall: float, _turn: float) -> Shape:
    return Disc(centre, size / 2)


def _square(centre: Point, size: float, tall: float, turn: float) -> Shape:
    return pad(centre, size, size * tall, turn)


def _land(centre: Point, size: float, tall: float, turn: float) -> Shape:
    return pad(centre, size, size * tall, turn, rounding=size * min(tall, 1) * 0.25)


def route(canvas: Canvas, rng: np.random.Generator, start: Point, joined_to: Sequence[Shape], width: float) -> bool:
    """Lead a track of 45 degree bends away from `start` to a land of its own or off the board."""
    gap = float(rng.uniform(6, 14))
    for _ in range(6):
        points = _walk(rng, start)
        x, y = points[-1]
        end: list[Shape] = []
        if 0 < x < SIZE and 0 < y < SIZE:
            end = [_terminal(rng, points[-1], width)]
        if canvas.place([Track(points, width), *end], gap, joined_to):
            return True
    return False


def _walk(rng: np.random.Generator, start: Point) -> list[Point]:
    points, heading = [start], int(rng.integers(8))
    legs = int(rng.integers(1, 6))
    for _ in range(legs):
        # A short straight link between two lands looks like a short.
        length = float(rng.uniform(48, 140) if legs > 1 else rng.uniform(95, 180))
        dx, dy = _HEADINGS[heading]
        points.append((points[-1][0] + dx * length, points[-1][1] + dy * length))
        heading = (heading + int(rng.choice([-1, 1]))) % 8
    return points


def _terminal(rng: np.random.Generator, centre: Point, width: float) -> Shape:
    size = max(29.0, width * float(rng.uniform(1.8, 3.0)))
    return [_ring, _square, _land][rng.integers(3)](centre, size, float(rng.uniform(0.8, 1.3)), 0.0)


def copper_area(canvas: Canvas, rng: np.random.Generator, region: Region) -> None:
    """A large chamfered or round area, split by slots, with vias and pads in clearings."""
    inset = float(rng.uniform(-6, 26))
    box = Region(region.left + inset, region.top + inset, region.right - inset, region.bottom - inset)
    half = min(box.right - box.left, box.bottom - box.top) / 2
    if half < 25:
        return
    centre = ((box.left + box.right) / 2, (box.top + box.bottom) / 2)
    outline: Shape = Disc(centre, half) if rng.random() < 0.2 else _chamfered(rng, box, half)
    if not canvas.place([outline], 10):
        return
    for _ in range(rng.integers(0, 3)):
        _slot(canvas, rng, box, outline)
    for _ in range(rng.integers(0, 6)):
        _clearing(canvas, rng, box)
    radius = float(rng.uniform(6.5, 12))
    for _ in range(rng.integers(0, 8)):
        via = Disc(box.at(rng, 20), radius)
        if _in_copper(canvas, via, 8):
            canvas.drill(via)


def _slot(canvas: Canvas, rng: np.random.Generator, box: Region, outline: Shape) -> None:
    """A straight gap right through the area."""
    x, y = box.at(rng, 20)
    ends = [
        [(x, box.top - 40), (x, box.bottom + 40)],
        [(box.left - 40, y), (box.right + 40, y)],
        [(x - SIZE, y - SIZE), (x + SIZE, y + SIZE)],
    ][rng.integers(3)]
    slot, area = np.zeros_like(canvas.copper), np.zeros_like(canvas.copper)
    Track(ends, float(rng.uniform(10, 36))).stamp(slot)
    outline.stamp(area, 1)
    canvas.copper[(slot & area) > 0] = 0


def _in_copper(canvas: Canvas, shape: Shape, around: float) -> bool:
    """Say whether there is nothing but copper under a shape and `around` it."""
    wanted = np.zeros_like(canvas.copper)
    shape.stamp(wanted, around)
    return bool(np.all(canvas.copper[wanted > 0]))


def _chamfered(rng: np.random.Generator, box: Region, half: float) -> Area:
    cut = [float(rng.uniform(0, half * 0.8)) if rng.random() < 0.5 else 0.0 for _ in range(4)]
    corners = [
        (box.left + cut[0], box.top), (box.right - cut[1], box.top), (box.right, box.top + cut[1]),
        (box.right, box.bottom - cut[2]), (box.right - cut[2], box.bottom), (box.left + cut[3], box.bottom),
        (box.left, box.bottom - cut[3]), (box.left, box.top + cut[0]),
    ]  # fmt: skip
    return Area(corners, float(rng.choice([0.0, 4.0, 10.0])))


def _clearing(canvas: Canvas, rng: np.random.Generator, box: Region) -> None:
    """A land of its own inside the area, with a gap around it."""
    size = float(rng.uniform(26, 110))
    shape = [_ring, _square, _land][rng.integers(3)](box.at(rng, size / 2), size, float(rng.uniform(0.7, 1.4)), 0.0)
    gap = float(rng.uniform(9, 24))
    if _in_copper(canvas, shape, gap + 12):
        canvas.clear([shape], gap)
        shape.stamp(canvas.copper)


def marking(canvas: Canvas, rng: np.random.Generator, region: Region) -> None:
    """Letters etched into the copper layer."""
    text = "".join(rng.choice(list("ABCDEFGHKLMNPRSTUVX023456789"), int(rng.integers(2, 7))))
    scale, thickness = float(rng.uniform(0.8, 1.8)), int(rng.integers(4, 8))
    (width, height), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, scale, thickness)
    x, y = region.at(rng, 10)
    if canvas.fits([pad((x + width / 2, y - height / 2), width + 8, height + 8)], 6):
        cv2.putText(canvas.copper, text, (int(x), int(y)), cv2.FONT_HERSHEY_SIMPLEX, scale, 255, thickness)


def free_routes(canvas: Canvas, rng: np.random.Generator, region: Region) -> None:
    """Lands here and there with tracks between and away from them."""
    width = float(rng.uniform(5, 16))
    for _ in range(rng.integers(6, 26)):
        centre = region.at(rng)
        land = _terminal(rng, centre, width * float(rng.uniform(1, 2)))
        if canvas.place([land], 8):
            route(canvas, rng, centre, [land], width)
            if rng.random() < 0.4:
                canvas.drill(Disc(centre, 6.2))


def flood(canvas: Canvas, rng: np.random.Generator, region: Region) -> None:
    """Copper wherever the region is free, at a clearance from all that is there: a ground plane."""
    reach = 2 * int(rng.integers(7, 22)) + 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
    free = cv2.bitwise_not(cv2.dilate(canvas.copper | canvas.holes, kernel))
    # Slivers that no etcher could hold are taken away again.
    widest = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (17, 17))
    solid = np.asarray(cv2.morphologyEx(free, cv2.MORPH_OPEN, widest), np.uint8)
    window = np.s_[int(region.top) : int(region.bottom), int(region.left) : int(region.right)]
    canvas.copper[window] |= solid[window]
