"""The garment's silhouette ready for cutting: cleaned, with sleeves and legs parted where they touch."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from vmodel.garment.outline import (
    carve,
    clean_mask,
    edge_strength,
    extent,
    follow_edge,
    resample_path,
    trace_contour,
    turning,
)
from vmodel.types import BoolArray, ByteArray, FloatArray, GarmentKind, Neckline, Sleeve


def garment_mask(rgb: ByteArray, mask: BoolArray, kind: GarmentKind, points_px: Mapping[str, FloatArray]) -> BoolArray:
    """Clean the mask and cut slits where a sleeve lies against the body or one leg against the other.

    Args:
        rgb: (H, W, 3) uint8 photo.
        mask: (H, W) bool cut-out.
        kind: decides which slits there should be.
        points_px: rough landmarks in photo pixels.
    Returns:
        (H, W) bool; one piece.
    """
    rows = np.nonzero(mask.any(1))[0]
    top, height = float(rows[0]), float(np.ptp(rows))
    clean = clean_mask(mask, top + height * (0.55 if kind.category.covers_upper else 0.0))
    for start, end in _slits(kind, points_px):
        clean = _part(rgb, clean, start, end)
    return clean


def _slits(kind: GarmentKind, points: Mapping[str, FloatArray]) -> list[tuple[FloatArray, FloatArray]]:
    """Where two parts of the garment meet side by side: (inner end, open end)."""
    wanted = []
    sleeved = kind.category.covers_upper and kind.sleeve not in {Sleeve.NONE, Sleeve.STRAP}
    if sleeved and kind.neckline != Neckline.STRAPLESS:
        wanted += [(points[f"armpit_{s}"], points[f"cuff_inner_{s}"]) for s in ("left", "right")]
    if kind.category.has_legs:
        wanted.append((points["crotch"], (points["leg_inner_left"] + points["leg_inner_right"]) / 2))
    return wanted


def _has_corner(contour: FloatArray, start: FloatArray, end: FloatArray, size: float) -> bool:
    """True if the outline turns inwards at an open angle near the inner end: that is the end itself.

    A slit whose sides touch further up ends in a cusp instead, a turn by nearly half a circle.
    """
    spacing = float(np.linalg.norm(contour[1] - contour[0]))
    bend = turning(contour, max(3, round(0.02 * size / spacing)))
    middle, reach = (start + end) / 2, np.linalg.norm(end - start) / 2 + 0.04 * size
    near = (np.linalg.norm(contour - middle, axis=1) < reach) & (np.linalg.norm(contour - start, axis=1) < 0.09 * size)
    return bool(near.any() and -2.3 < bend[near].min() < -0.5)


def _part(rgb: ByteArray, mask: BoolArray, start: FloatArray, end: FloatArray) -> BoolArray:
    """Cut from the open end up to the inner end unless the outline already reaches the inner end."""
    size = extent(mask)
    contour = trace_contour(mask)
    away = np.linalg.norm(contour - start, axis=1)
    if away.min() < 0.035 * size or _has_corner(contour, start, end, size):
        return mask
    way = end - start
    reach = np.linalg.norm(way)
    if reach < 0.03 * size:
        return mask
    beyond = end + way / reach * 0.05 * size
    guide = resample_path(np.stack([start, beyond]), max(1.5, size * 0.003))
    strength = edge_strength(rgb, max(1.0, size * 0.0015))
    outside = ~mask
    pull = strength + 2.0 * outside
    cut = follow_edge(pull, guide, half_width=0.025 * size, bend=0.3)
    return carve(mask, cut, max(2.0, size * 0.003))
