"""Places told by how far along a line they lie, and how far from it."""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.spatial import cKDTree

from vmodel.types import FloatArray

_SPOTS: Final = 800
"""Places on a line among which the nearest one is searched for: a neck's lie half a millimetre apart."""


def lengths(line: FloatArray) -> FloatArray:
    """Return the (n,) length of a line of (n, 2) points up to each of them."""
    return np.asarray(np.r_[0.0, np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])


def at_shares(line: FloatArray, shares: FloatArray) -> FloatArray:
    """Return the places (..., 2) at shares (...) of the length of a line of (n, 2) points."""
    gone = lengths(line)
    return np.stack([np.interp(shares * gone[-1], gone, line[:, axis]) for axis in (0, 1)], axis=-1)


def beside(line: FloatArray, places: FloatArray, reach: float) -> tuple[FloatArray, FloatArray]:
    """Measure places from a line.

    Args:
        line: (n, 2) points.
        places: (..., 2) in the same units.
        reach: distance beyond which places are not measured.
    Returns:
        Share of the line's length at which its nearest point lies, 0..1, and the distance from it, both (...);
        infinite distance beyond the reach.
    """
    distance, nearest = cKDTree(at_shares(line, np.linspace(0, 1, _SPOTS))).query(places, distance_upper_bound=reach)
    return np.asarray(np.minimum(nearest / (_SPOTS - 1), 1.0)), np.asarray(distance)
