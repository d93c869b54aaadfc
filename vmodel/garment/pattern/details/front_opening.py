"""Opening of a front that was photographed open: the edges of both halves, and what shows between them."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

from vmodel.types import BoolArray, FloatArray, GarmentPhoto

_ROWS: Final = 61
_REACH: Final = 0.75
"""Largest distance of an edge from the middle, as a share of half the width between the armpits."""
_STEP: Final = 0.01
"""Step between sampled places, as a share of the same."""
_NEAR: Final = 0.12
"""Largest distance from the middle at which the inside may begin to show, as a share of the same."""
_FRONT_FROM: Final = 0.4
"""Distance from the middle beyond which cloth is surely the front's own, as a share of the same."""
_NARROWEST: Final = 4
"""Least width of a gap, in steps."""
_BEYOND: Final = 0.05
"""Extension of the gap past the hem, as a share of its length."""
_SAMPLES: Final = 600
_LIKER: Final = 0.5
"""Distance in colour from the inside over that from the front, below which cloth counts as inside."""


def find_opening(photo: GarmentPhoto, inside: BoolArray) -> FloatArray:
    """Find the edges of an open front in its photo.

    Args:
        photo: the garment, its ``mask`` without ground that shows between the edges.
        inside: (H, W) bool, the inner side of the back where it was recognised: at the neck, and possibly further down.
            Cloth with its colours rather than the front's counts as inside too.
    Returns:
        (2, n, 2) pixels of the left and of the right half's edge, from neck to hem; both are the straight line between
        the two where neither inside nor ground shows.
    """
    top = photo.points.get("neck_front", photo.middle("neck"))
    low = photo.points.get("hem_mid", photo.middle("hem"))
    across = photo.points["armpit_left"] - photo.points["armpit_right"]
    across = across / max(float(np.linalg.norm(across)), 1.0)
    half = photo.half("armpit")
    middle = top + np.linspace(0, 1, _ROWS)[:, None] * (low - top)
    away = np.arange(-_REACH, _REACH + _STEP / 2, _STEP)
    spots = np.round(middle[:, None] + (half * away)[:, None] * across).astype(int)
    columns, rows = (np.clip(spots[..., axis], 0, photo.mask.shape[1 - axis] - 1) for axis in (0, 1))
    shows = (inside | ~photo.mask)[rows, columns] | _coloured_inside(photo, inside, rows, columns, away)
    ends = np.array([_run(row, away) for row in ndimage.median_filter(shows, 5, mode="nearest")])
    told = np.flatnonzero(np.isfinite(ends[:, 0]))
    if not len(told):
        return np.stack([middle, middle])
    ends = np.stack([np.interp(np.arange(_ROWS), told, ends[told, side]) for side in (0, 1)], axis=1)
    ends = ndimage.gaussian_filter1d(ndimage.median_filter(ends, (9, 1), mode="nearest"), 2.0, axis=0, mode="nearest")
    return np.stack([middle + half * ends[:, [side]] * across for side in (1, 0)])


def between(opening: FloatArray, size: tuple[int, ...]) -> BoolArray:
    """Return the (H, W) bool mask between the edges of an opening, where there is no cloth of the front."""
    area = np.zeros(size[:2], np.uint8)
    if float(np.abs(opening[0] - opening[1]).max()) >= 2:
        beyond = opening[:, -1] + _BEYOND * (opening[:, -1] - opening[:, 0])  # hems are not straight
        loop = np.vstack([opening[0], beyond, opening[1][::-1]])
        cv2.fillPoly(area, [np.round(loop).astype(np.int32)], 1)
    return np.asarray(area > 0)


def _coloured_inside(
    photo: GarmentPhoto, inside: BoolArray, rows: FloatArray, columns: FloatArray, away: FloatArray
) -> BoolArray:
    """Find places whose colour is the inside's rather than that of the front on either side, (R, C) bool."""
    known = np.argwhere(inside & photo.mask)
    sure = (np.abs(away) > _FRONT_FROM) & photo.mask[rows, columns] & ~inside[rows, columns]
    if len(known) < _SAMPLES or sure.sum() < _SAMPLES:
        return np.zeros(rows.shape, bool)
    soft = cv2.GaussianBlur(photo.rgb, (0, 0), max(0.01 * photo.half("armpit"), 0.5))
    lab = cv2.cvtColor(soft, cv2.COLOR_RGB2LAB).astype(np.float64)
    known = known[:: len(known) // _SAMPLES]
    seen = lab[rows, columns]
    front = seen[sure]
    from_inside, from_front = (
        cKDTree(colours).query(seen.reshape(-1, 3))[0].reshape(rows.shape)
        for colours in (lab[known[:, 0], known[:, 1]], front[:: len(front) // _SAMPLES])
    )
    return np.asarray((from_inside < _LIKER * from_front) & photo.mask[rows, columns])


def _run(shows: BoolArray, away: FloatArray) -> tuple[float, float]:
    """Return both ends of the longest run near the middle: zeros if there is none, NaN if it goes past any edge."""
    labels, count = ndimage.label(shows)
    runs = [away[labels == number] for number in range(1, count + 1)]
    run = max((run for run in runs if run[0] < _NEAR and run[-1] > -_NEAR), key=len, default=away[:0])
    if len(run) < _NARROWEST:
        return 0.0, 0.0
    if run[0] == away[0] or run[-1] == away[-1]:  # ground below the hem
        return np.nan, np.nan
    return float(run[0]), float(run[-1])
