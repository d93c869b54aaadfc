"""Collars and lapels in their photo: their outer faces, and the line along which they fold over."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from scipy import ndimage

from vmodel.config import Settings
from vmodel.garment.recognition.network import load_network
from vmodel.garment.recognition.reader import read_collar
from vmodel.types import BoolArray, ByteArray, FloatArray, GarmentPhoto, Neckline

_LEAST_SEEN: Final = 0.03
"""Least area of a collar in its photo, as a share of the square of the neck's width."""
_LEAST_LEAF: Final = 0.08
"""Least height along which each half of a collar folds over, in widths of the neck."""
_UPRIGHT: Final = 0.04
"""Distance by which a half's front end may lie further out than its innermost place, in widths of the neck: edges of
open collars run straight down."""
_CLOSED: Final = 0.25
"""Largest distance between the front ends of a buttoned collar, in widths of the neck."""
_OPENS: Final = 0.4
"""Least depth of the opening below the front ends of an unbuttoned collar, as a share of that distance."""
_LAPELS_FROM: Final = 1.0
"""Depth of the neck's front from which on lapels cross at it, however far up they were seen, in widths of the neck."""
_NEAR: Final = 0.15
"""Largest distance of a piece of a collar from its fold, in widths of the fold."""
_HANGS_OPEN: Final = 0.2
"""Least depth below the fold's lowest point to which the inside of a placket that hangs open goes, in widths of the
fold: in 50 photos five gaps between a collar's ends are up to 0.19 deep, six plackets are 0.24 to 1.03."""
_BINS, _HALF = 32, 17
"""Rows of a collar's half whose inner edge is found, and points along half of the neck."""


def find_collar(photo: GarmentPhoto, rgb: ByteArray) -> BoolArray | None:
    """Find the outer faces of the collar or of lapels on the front, (H, W) bool; return None if there are none.

    Args:
        photo: the garment as read.
        rgb: (H, W, 3) uint8 sRGB, the photo with its own light and ground.
    """
    names = [f"neck_{name}" for name in ("left", "right", "front")]
    if photo.kind.neckline != Neckline.COLLAR or not set(names) <= photo.points.keys():
        return None
    neck = [photo.points[name] for name in names]
    told, affine = read_collar(load_network(Settings().weights), rgb, neck)
    at = affine.copy()
    at[:, 2] += at[:, :2] @ [0.5, 0.5] - 0.5  # cv2's pixel centres lie at integers
    size = photo.mask.shape[1::-1]
    found = cv2.warpAffine(told, at, size, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP) > 0.5
    found &= photo.mask
    wide = float(np.linalg.norm(neck[0] - neck[1]))
    return found if found.sum() > _LEAST_SEEN * wide**2 else None


def fold_line(photo: GarmentPhoto, collar: BoolArray) -> FloatArray | None:
    """Find the line along which a collar folds over, (33, 2) pixels along the neck from the left to the right.

    The line of an open collar goes down to its opening's end. There is none (None) for open fronts without lapels, and
    where a half of the collar is not seen.

    Args:
        photo: the garment as read.
        collar: from ``find_collar``.
    """
    left, right, front = (photo.points[f"neck_{name}"] for name in ("left", "right", "front"))
    middle, wide = (left + right) / 2, max(float(np.linalg.norm(left - right)), 1.0)
    across = (left - right) / wide
    axes = np.stack([across, [-across[1], across[0]]])
    told = float((front - middle) @ axes[1]) / wide
    if photo.opening is not None and told < _LAPELS_FROM:
        return None
    rows, columns = np.nonzero(collar)
    places = (np.stack([columns + 0.5, rows + 0.5], axis=1) - middle) @ axes.T / wide
    sides = []
    for sign in (1.0, -1.0):
        half = np.zeros((int(np.ptp(rows)) + 1, int(np.ptp(columns)) + 1), np.uint8)
        at = rows - rows.min(), columns - columns.min()
        half[at] = places[:, 0] * sign > 0
        _, pieces, sizes, _ = cv2.connectedComponentsWithStats(half)
        largest = 1 + int(np.argmax(sizes[1:, cv2.CC_STAT_AREA])) if len(sizes) > 1 else 0
        sides.append(_inner_edge(places[(pieces[at] == largest) & (half[at] > 0)], sign))
    if sides[0] is None or sides[1] is None:
        return None
    ends = np.array([side[-1] for side in sides if side is not None])
    lowest = float(ends[:, 1].mean())
    apart = float(ends[0, 0] - ends[1, 0])
    if apart > _CLOSED:
        lowest = max(lowest + _OPENS * apart, told)
    if told > _LAPELS_FROM:
        lowest = max(lowest, told)
    foot = np.array([ends[:, 0].mean(), lowest])
    halves = [_evenly(np.vstack([side, foot])) for side in sides if side is not None]
    line = np.vstack([halves[0], halves[1][-2::-1]])
    return np.asarray(middle + wide * line @ axes)


def at_fold(collar: BoolArray, fold: FloatArray) -> BoolArray:
    """Keep those pieces of a collar, (H, W) bool, that reach near the line along which it folds over."""
    near = np.zeros(collar.shape, np.uint8)
    wide = float(np.linalg.norm(fold[0] - fold[-1]))
    cv2.polylines(near, [np.round(fold).astype(np.int32)], False, 1, max(1, round(2 * _NEAR * wide)))
    _, pieces = cv2.connectedComponents(collar.astype(np.uint8))
    return collar & np.isin(pieces, pieces[(near > 0) & collar])


def in_placket(inside: BoolArray, collar: BoolArray, fold: FloatArray) -> BoolArray:
    """Find the inside of a placket that hangs open below its collar, (H, W) bool: it is worn as it is seen.

    Args:
        inside: (H, W) bool, what is not the outer face of the front's cloth.
        collar: from ``find_collar``; between its halves labels show.
        fold: (n, 2) line along which the collar folds over, from ``fold_line``.
    """
    across = fold[0] - fold[-1]
    down = np.array([-across[1], across[0]])
    above = np.zeros(inside.shape, np.uint8)
    cv2.fillPoly(above, [np.round(np.vstack([fold, fold[-1] - 2 * down, fold[0] - 2 * down])).astype(np.int32)], 1)
    cv2.fillConvexPoly(above, cv2.convexHull(cv2.findNonZero(collar.astype(np.uint8))), 1)
    count, pieces = cv2.connectedComponents((inside & (above == 0)).astype(np.uint8))
    rows, columns = np.nonzero(pieces)
    deep = (np.stack([columns, rows], axis=1) - fold[len(fold) // 2]) @ down / max(float(across @ across), 1.0)
    lowest = np.full(count, -np.inf)
    np.maximum.at(lowest, pieces[rows, columns], deep)
    return np.asarray((lowest > _HANGS_OPEN)[pieces])


def _inner_edge(places: FloatArray, sign: float) -> FloatArray | None:
    """Return the (n, 2) inner edge of a collar's half, from its top down to its front end, in widths of the neck.

    Args:
        places: (m, 2) of its pixels: across from the neck's middle to the wearer's left, and down.
        sign: 1 for the wearer's left half, -1 for the right.
    """
    if len(places) < _BINS:
        return None
    top, tall = float(places[:, 1].min()), max(float(np.ptp(places[:, 1])), 1e-6)
    inner = np.full(_BINS + 1, np.inf)
    np.minimum.at(inner, np.floor(_BINS * (places[:, 1] - top) / tall).astype(int), places[:, 0] * sign)
    inner = ndimage.median_filter(inner[:_BINS], 3, mode="nearest")
    height = top + (np.arange(_BINS) + 0.5) / _BINS * tall
    innermost = np.flatnonzero(inner <= inner.min() + _UPRIGHT)
    end = int(innermost[0 if inner.min() < _UPRIGHT else -1])  # both halves touch below where they meet
    edge = np.stack([sign * np.minimum.accumulate(inner), height], axis=1)[: end + 1]
    if not np.isfinite(inner[: end + 1]).all() or np.ptp(edge[:, 1]) < _LEAST_LEAF:
        return None
    return edge


def _evenly(line: FloatArray) -> FloatArray:
    """Return (17, 2) points spread evenly along a line."""
    along = np.r_[0.0, np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))]
    at = np.linspace(0, along[-1], _HALF)
    return np.stack([np.interp(at, along, line[:, axis]) for axis in (0, 1)], axis=1)
