"""Perceived differences of colours."""

from __future__ import annotations

import numpy as np
from skimage.color import deltaE_ciede2000, xyz2lab

from vmodel.types import FloatArray

_TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)


def colour_difference(first: FloatArray, second: FloatArray) -> FloatArray:
    """Return CIEDE2000 of two colours, (...) for (..., 3) linear-light sRGB each; 1 is just noticeable."""
    labs = (xyz2lab(np.asarray(linear, np.float64) @ _TO_XYZ.T) for linear in (first, second))
    return np.asarray(deltaE_ciede2000(*labs))
