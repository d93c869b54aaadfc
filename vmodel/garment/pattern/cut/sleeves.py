"""Sleeves that arms go through: their angle, and their least length."""

from __future__ import annotations

from typing import Final

import numpy as np

from vmodel.types import Category, GarmentKind

_ANGLES: Final = 18.0, 48.0
"""Bounds of a sleeve's angle below the horizontal, degrees."""
_CLEAR_CM: Final = 1.2
"""Least distance of a cuff's end from the trunk."""


def sleeve_ease(kind: GarmentKind) -> float:
    """Return the usual girth of a sleeve over the arm's, cm."""
    return 9.0 if kind.category == Category.OUTERWEAR else 6.0


def roomy_angle(across: float, deep: float, around: float) -> float:
    """Return the angle at which a sleeve from this armhole is wide enough: lying flat, a steeper one is narrower."""
    widest = float(np.hypot(across, deep))
    angle = float(np.degrees(np.arccos(min(1.0, around / widest)) - np.arctan2(across, deep)))
    return float(np.clip(angle, *_ANGLES))


def least_sleeve(across: float, deep: float, angle: float, cuff: float, flare: float) -> float:
    """Return the length below which a short sleeve's cuff would end inside the trunk.

    Args:
        across: from the shoulder point out to the armpit, cm.
        deep: from the shoulder point down to the armpit, cm.
        angle: of the sleeve below the horizontal, degrees.
        cuff: flat width.
        flare: how far the side leans outwards below the armpit, cm per cm.
    """
    cos, sin, lean = np.cos(np.radians(angle)), np.sin(np.radians(angle)), float(np.clip(flare, 0.0, 0.6))
    lower = max(0.0, cuff - (deep * cos - across * sin)) / 2  # how far the cuff's end lies below the armpit's line
    under = (lower * (sin + lean * cos) + _CLEAR_CM) / (cos - lean * sin)
    return float((across * cos + deep * sin) / 2 + under)
