"""Ends of a map at hems and sleeves: the block's ends show the photo's, with their stitches and their last stripe.

A smooth map meets the ends of a photo's garment only roughly: landmarks are off by a centimetre, and a print keeps its
shape. What lies beyond the photo's hem is cloth mirrored at it, and what lies beyond the block's is lost.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy import ndimage

from vmodel.garment.imaging.warp import Places
from vmodel.types import BoolArray, FloatArray

_STATIONS: Final = np.linspace(0.02, 0.98, 41)
"""Places along an end, as shares of its width."""
_REACH_CM, _STEP_CM = 3.0, 0.1
"""How far inside and outside the block's end the photo's is searched for, and in which steps."""
_MEDIAN, _SMOOTH = 7, 1.5
"""Neighbours whose median counts, and deviation of the smoothing after it, in places along the end."""
_FADE_CM, _FADE = 8.0, 4.0
_LEAST_FADE: Final = 2.5
"""Distance from an end at which the shift has faded out: that many cm, and that often the largest shift; at least the
third number of times it, so that nothing folds."""


def to_end(
    places: Places, mask: BoolArray, end_cm: FloatArray, inwards: FloatArray, most_fade_cm: float = np.inf
) -> Places:
    """Shift a map along one direction so that an end of the block lies on the photo's.

    Args:
        places: map from the block to the photo.
        mask: (H, W) bool, the garment in the photo.
        end_cm: (n, 2) the block's end: a hem or the end of a sleeve.
        inwards: (2,) unit vector from there into the cloth.
        most_fade_cm: largest distance from the end at which cloth is moved.
    Returns:
        The map; cloth near the end is stretched or compressed by at most half.
    """
    axes = np.array([[inwards[1], -inwards[0]], inwards])  # along the end, and into the cloth
    end = end_cm @ axes.T
    end = end[np.argsort(end[:, 0])]
    along = end[0, 0] + _STATIONS * (end[-1, 0] - end[0, 0])

    def turned(along: FloatArray, up: FloatArray) -> FloatArray:
        return places(along * axes[0, 0] + up * axes[1, 0], along * axes[0, 1] + up * axes[1, 1])

    lack = _lack(turned, mask, along, np.interp(along, *end.T))
    if lack is None:
        return places
    most = float(np.abs(lack).max())
    fade_cm = max(min(_FADE_CM + _FADE * most, most_fade_cm), _LEAST_FADE * most)

    def at(x: FloatArray, y: FloatArray) -> FloatArray:
        across, up = x * axes[0, 0] + y * axes[0, 1], x * axes[1, 0] + y * axes[1, 1]
        height = np.clip((up - np.interp(across, *end.T)) / fade_cm, 0, 1)
        return turned(across, up + np.interp(across, along, lack) * (1 - height) ** 2 * (1 + 2 * height))

    return at


def _lack(places: Places, mask: BoolArray, x: FloatArray, y: FloatArray) -> FloatArray | None:
    """Return how far inside the block's end the photo's cloth ends, (n,) cm, negative outside it; None if not seen."""
    up = np.arange(_REACH_CM, -_REACH_CM, -_STEP_CM)
    spots = places(np.broadcast_to(x[:, None], (len(x), len(up))), y[:, None] + up)
    columns, rows = (np.rint(spots[..., axis]).astype(int) for axis in (0, 1))
    within = (rows >= 0) & (rows < mask.shape[0]) & (columns >= 0) & (columns < mask.shape[1])
    cloth = within & mask[np.clip(rows, 0, mask.shape[0] - 1), np.clip(columns, 0, mask.shape[1] - 1)]
    seen = cloth[:, 0] & ~cloth[:, -1]
    if seen.mean() < 0.5:
        return None
    ends = up[np.argmin(cloth, axis=1)]
    lack = np.interp(x, x[seen], ends[seen])
    return np.asarray(ndimage.gaussian_filter1d(ndimage.median_filter(lack, _MEDIAN, mode="nearest"), _SMOOTH))
