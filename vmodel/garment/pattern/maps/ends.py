"""Ends of a map at hems and sleeves: the block's ends show the photo's, with their stitches and their last stripe.

A smooth map meets the ends of a photo's garment only roughly: landmarks are off by a centimetre, and a print keeps its
shape. What lies beyond the photo's hem is cloth mirrored at it, and what lies beyond the block's is lost.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy import ndimage

from vmodel.garment.imaging.along_line import beside, lengths
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

_MOST_CM: Final = 7.0
"""Largest shift of a neck: prints that keep their shape moved its edge by up to 1.6 cm in 12 of 53 photos of tops, and
wide necks on hangers lie up to 7 cm away from where sides and sleeves put them."""
_NECK_FADE_CM, _NECK_FADE = 1.5, 2.5
"""Distance from a neck at which its shift has faded out: that many cm, and that often the largest shift. Prints lie
near it, and sleeves begin at 10 cm."""
_CLEAR: Final = 0.008
"""How far inside the photo's edge a neck's lies, as a share of the neck's width: a pixel or less, in which the lens
mixes the front with what lies behind it."""


def to_neck(places: Places, neck_cm: FloatArray, edge_px: FloatArray) -> Places:
    """Shift a map so that a front's neck lies on the edge that its photo shows.

    Args:
        places: map from the block to the photo.
        neck_cm: (n, 2) the block's neck, from left to right.
        edge_px: (n, 2) the same in the photo.
    Returns:
        The map; cloth near the neck is stretched or compressed by at most half.
    """
    along = np.gradient(edge_px, axis=0)
    inwards = np.stack([along[:, 1], -along[:, 0]], axis=1) / np.maximum(np.linalg.norm(along, axis=1), 1e-6)[:, None]
    half = len(edge_px) // 2
    inwards *= np.sign(inwards[half] @ (edge_px[half] - (edge_px[0] + edge_px[-1]) / 2)) or 1.0
    inside = edge_px + _CLEAR * float(np.linalg.norm(edge_px[0] - edge_px[-1])) * inwards
    shift = inside - places(neck_cm[:, 0], neck_cm[:, 1])
    gone_cm, gone_px = lengths(neck_cm), lengths(edge_px)
    most = float(np.linalg.norm(shift, axis=1).max()) * gone_cm[-1] / max(gone_px[-1], 1.0)
    shift *= min(1.0, _MOST_CM / max(most, 1e-6))
    fade_cm = _NECK_FADE_CM + _NECK_FADE * min(most, _MOST_CM)

    def at(x: FloatArray, y: FloatArray) -> FloatArray:
        share, away = beside(neck_cm, np.stack(np.broadcast_arrays(x, y), axis=-1), fade_cm)
        height = np.minimum(away / fade_cm, 1.0)
        moved = np.stack([np.interp(share, gone_cm / gone_cm[-1], shift[:, axis]) for axis in (0, 1)], axis=-1)
        return np.asarray(places(x, y) + moved * ((1 - height) ** 2 * (1 + 2 * height))[..., None])

    return at


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
