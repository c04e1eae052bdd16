"""Healthy images to the limits that tell sick ones. Pure functions."""

from collections.abc import Sequence
from statistics import fmean, median

from jidoka.vision_gateway.health import Figures, Shares
from jidoka.vision_gateway.line import HealthLimits

FOCUS_SHARE = 0.7
BRIGHTNESS_SHARE = 0.15
LEAST_SHIFT, SHIFT_FACTOR = 0.02, 3.0


def learn(figures: Sequence[Figures]) -> HealthLimits:
    """Limits around what was measured of at least one healthy image."""
    colour, spread = _shares([one.colour for one in figures])
    tints = [one.tint for one in figures if one.tint]
    tint, tint_spread = _shares(tints) if tints else (None, 0.0)
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
        colour=colour,
        tint=tint,
        colour_shift_max=round(max(LEAST_SHIFT, max(spread, tint_spread) * SHIFT_FACTOR), 4),
        texture=[round(median(field), 1) for field in fields],
    )


def _shares(measured: Sequence[Shares]) -> tuple[Shares, float]:
    """Their mean, and how far any of them lies from it."""
    blue, green, red = (round(fmean(one[channel] for one in measured), 4) for channel in range(3))
    spread = max(abs(here - mean) for one in measured for here, mean in zip(one, (blue, green, red), strict=True))
    return (blue, green, red), spread


def table(limits: HealthLimits) -> str:
    """The limits as the table that stands under a camera in line.toml."""
    lines = ["[station.camera.health]"]
    for name, value in limits.model_dump(exclude_defaults=True, mode="json").items():
        lines.append(f"{name} = {value}")
    return "\n".join(lines) + "\n"
