"""Healthy images to the limits that tell sick ones. Pure functions."""

from collections.abc import Sequence
from statistics import fmean, median

from jidoka.vision_gateway.health import Figures
from jidoka.vision_gateway.line import HealthLimits

FOCUS_SHARE = 0.7
BRIGHTNESS_SHARE = 0.15
LEAST_SHIFT, SHIFT_FACTOR = 0.02, 3.0


def learn(figures: Sequence[Figures]) -> HealthLimits:
    """Limits around what was measured of at least one healthy image."""
    colour = tuple(fmean(one.colour[channel] for one in figures) for channel in range(3))
    spread = max(abs(one.colour[channel] - colour[channel]) for one in figures for channel in range(3))
    fields = zip(*(one.texture for one in figures), strict=True)
    return HealthLimits(
        focus_min=round(min(one.focus for one in figures) * FOCUS_SHARE, 4),
        brightness=(
            round(min(one.brightness for one in figures) * (1 - BRIGHTNESS_SHARE), 1),
            round(min(255.0, max(one.brightness for one in figures) * (1 + BRIGHTNESS_SHARE)), 1),
        ),
        white=(
            round(min(one.high for one in figures) * (1 - BRIGHTNESS_SHARE), 1),
            round(min(255.0, max(one.high for one in figures) * (1 + BRIGHTNESS_SHARE)), 1),
        ),
        colour=(round(colour[0], 4), round(colour[1], 4), round(colour[2], 4)),
        colour_shift_max=round(max(LEAST_SHIFT, spread * SHIFT_FACTOR), 4),
        texture=[round(median(field), 1) for field in fields],
    )


def table(limits: HealthLimits) -> str:
    """The limits as the table that stands under a camera in line.toml."""
    lines = ["[station.camera.health]"]
    for name, value in limits.model_dump(exclude_defaults=True, mode="json").items():
        lines.append(f"{name} = {value}")
    return "\n".join(lines) + "\n"
