"""End of a map at a garment's hem: the block's hem shows the photo's, with its stitches and its last stripe.

A smooth map meets the hem of a photo only roughly: landmarks are off by a centimetre, and a print keeps its shape. What
lies beyond the photo's hem is cloth mirrored at it, and what lies beyond the block's is lost.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy import ndimage

from vmodel.garment.imaging.warp import Places
from vmodel.types import BoolArray, FloatArray

_STATIONS: Final = np.linspace(0.02, 0.98, 41)
"""Places along a hem, as shares of its width."""
_REACH_CM, _STEP_CM = 3.0, 0.1
"""How far above and below the block's hem the photo's is searched for, and in which steps."""
_MEDIAN, _SMOOTH = 7, 1.5
"""Neighbours whose median counts, and deviation of the smoothing after it, in places along the hem."""
_FADE_CM, _FADE = 8.0, 4.0
"""Height above the hem at which the shift has faded out: that many cm, and that often the largest shift."""


def to_hem(places: Places, mask: BoolArray, hem_cm: FloatArray) -> Places:
    """Shift a map along its columns so that the block's hem lies on the photo's.

    Args:
        places: map from the block to the photo.
        mask: (H, W) bool, the garment in the photo.
        hem_cm: (n, 2) the block's hem.
    Returns:
        The map; cloth near the hem is stretched or compressed by at most half.
    """
    hem = hem_cm[np.argsort(hem_cm[:, 0])]
    x = hem[0, 0] + _STATIONS * (hem[-1, 0] - hem[0, 0])
    lack = _lack(places, mask, x, np.interp(x, *hem.T))
    if lack is None:
        return places
    fade_cm = _FADE_CM + _FADE * float(np.abs(lack).max())

    def at(across: FloatArray, up: FloatArray) -> FloatArray:
        height = np.clip((up - np.interp(across, *hem.T)) / fade_cm, 0, 1)
        return places(across, up + np.interp(across, x, lack) * (1 - height) ** 2 * (1 + 2 * height))

    return at


def _lack(places: Places, mask: BoolArray, x: FloatArray, y: FloatArray) -> FloatArray | None:
    """Return how far above the block's hem the photo's cloth ends, (n,) cm, negative below it; None if not seen."""
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
