"""Where the close-up of a neck lies: a pointed neckline and a placket are a few pixels of the whole garment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from vmodel.garment.recognition.network import CLOSE_SIZE
from vmodel.types import FloatArray

_NECK_WIDTHS: Final = 1.6
"""Width of the close-up in widths of the neck, where shoulders are no further apart."""
_WIDER: Final = 1.15
"""Width of the close-up over that between the shoulders."""
_NECK_AT: Final = 0.3
"""How far below the close-up's upper edge the neck's corners lie, as a share of its side."""


def closeup(points: Mapping[str, FloatArray]) -> FloatArray | None:
    """Map a photo to its close-up.

    Args:
        points: landmark -> (2,) pixels of the photo; shoulders may be missing.
    Returns:
        (2, 3) affine to (x, y) of a square of ``CLOSE_SIZE`` pixels; None where there is no neck.
    """
    if not {"neck_left", "neck_right"} <= points.keys():
        return None
    neck = points["neck_left"] - points["neck_right"]
    across = neck
    if {"shoulder_left", "shoulder_right"} <= points.keys():
        across = points["shoulder_left"] - points["shoulder_right"]
    width = _WIDER * max(float(np.linalg.norm(across)), _NECK_WIDTHS * float(np.linalg.norm(neck)))
    if width < 4:
        return None
    turn = float(np.arctan2(across[1], across[0]))
    rotation = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    linear = CLOSE_SIZE / width * rotation
    middle = (points["neck_left"] + points["neck_right"]) / 2
    return np.column_stack([linear, CLOSE_SIZE * np.array([0.5, _NECK_AT]) - linear @ middle])
