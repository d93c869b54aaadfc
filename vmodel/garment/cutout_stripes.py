"""Stripes of exactly the ground's colour: the flood runs in from the side and leaves the stripes between as bars."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from vmodel.garment.cutout_plain import connected_to, disc
from vmodel.types import BoolArray, FloatArray

# A line across stripes meets this many gaps of one width; sleeves and legs leave two or three.
_LEAST_GAPS: Final = 4
_ALIKE: Final = (0.6, 1.6)
# Relative to the longer side: the widest stripe, and the narrowest that is more than a seam or a scratch.
_WIDEST: Final = 0.06
_NARROWEST: Final = 0.003
# Share of the garment's lines that have to cross stripes.
_LEAST_LINES: Final = 0.15


def between_stripes(garment: BoolArray, alike: BoolArray) -> BoolArray:
    """Find the ground-coloured stripes between bars that lie side by side at even distances.

    Args:
        garment: (H, W) bool, what a flood left over.
        alike: (H, W) bool, what looks like the ground; its shadows are no stripes.
    Returns:
        (H, W) bool, to be added to the garment; empty where there are no such stripes.
    """
    stripes = np.zeros_like(garment)
    widths = []
    for turn in (0, 45, 90, 135):
        found, width = _across(_turned(garment, turn))
        if width:
            stripes |= _turned_back(found, turn, garment.shape) & alike
            widths.append(width)
    if not widths:
        return stripes
    filled = garment | stripes
    radius = max(2, round(0.75 * min(widths)))
    padded = np.pad(filled.astype(np.uint8), radius)
    closed = cv2.morphologyEx(padded, cv2.MORPH_CLOSE, disc(radius))[radius:-radius, radius:-radius].astype(bool)
    # Stripes end on the outline's slope: only nicks at their ends are cloth, and no gap elsewhere.
    ends = cv2.dilate(stripes.astype(np.uint8), disc(2)).astype(bool)
    return np.asarray((stripes | connected_to(closed & alike & ~filled, ends)) & ~garment)


def _across(garment: BoolArray) -> tuple[BoolArray, float]:
    """Gaps of one width that repeat down the columns, and that width in pixels; 0 where they do not."""
    size = max(garment.shape)
    rows = np.arange(garment.shape[0])[:, None]
    above = np.maximum.accumulate(np.where(garment, rows, -1), axis=0)
    below = np.flip(np.minimum.accumulate(np.flip(np.where(garment, rows, 10**6), 0), axis=0), 0)
    gap = np.where(~garment & (above >= 0) & (below < 10**6), below - above - 1, 0)
    candidate = (gap > _NARROWEST * size) & (gap < _WIDEST * size)
    first = candidate & (rows == above + 1)
    if not first.any():
        return np.zeros_like(garment), 0.0
    width = float(np.median(gap[first]))
    alike = candidate & (gap > _ALIKE[0] * width) & (gap < _ALIKE[1] * width)
    crossed = (alike & first).sum(0) >= _LEAST_GAPS
    if crossed.sum() < _LEAST_LINES * garment.any(0).sum():
        return np.zeros_like(garment), 0.0
    # Toward the sides fewer stripes are crossed, next to where many are.
    beside = cv2.dilate(crossed.astype(np.uint8)[None], np.ones((1, 2 * round(4 * width) + 1), np.uint8))[0] > 0
    return alike & beside[None], width


def _turned(garment: BoolArray, degrees: int) -> BoolArray:
    if degrees == 0:
        return garment
    if degrees == 90:
        return np.asarray(garment.T)
    height, width = garment.shape
    side = int(np.ceil(np.hypot(height, width)))
    moved = cv2.warpAffine(
        garment.astype(np.uint8), _turn(degrees, garment.shape), (side, side), flags=cv2.INTER_NEAREST
    )
    return np.asarray(moved > 0)


def _turned_back(found: BoolArray, degrees: int, size: tuple[int, ...]) -> BoolArray:
    if degrees == 0:
        return found
    if degrees == 90:
        return np.asarray(found.T)
    flags = cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP
    moved = cv2.warpAffine(found.astype(np.uint8), _turn(degrees, size), (size[1], size[0]), flags=flags)
    return np.asarray(cv2.morphologyEx(moved, cv2.MORPH_CLOSE, disc(1)) > 0)


def _turn(degrees: int, size: tuple[int, ...]) -> FloatArray:
    side = np.ceil(np.hypot(size[0], size[1]))
    turn = cv2.getRotationMatrix2D((size[1] / 2, size[0] / 2), degrees, 1.0)
    turn[:, 2] += np.array([side - size[1], side - size[0]]) / 2
    return np.asarray(turn)
