"""Gaps between sleeve and body or between legs, which a flood is too wide for."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from vmodel.types import BoolArray, FloatArray

# How far a gap runs that is believed beside a print of the ground's colour, relative to the longer side.
_SHORTEST: Final = 0.1
# The same where no print has the ground's colour, and the share of such a gap's border that is clearly cloth.
SHORT: Final = 0.05
_LINED: Final = 0.6
# Share of its rows that cross such a gap once.
_CROSSED_ONCE: Final = 0.8
# How wide ground is at most that goes on below a gap between cloth on both sides.
_WIDEST_CHANNEL: Final = 0.1
# The least length where sleeve and body enclose the gap, and how many there may be: more are upright stripes.
_SHORTEST_ENCLOSED: Final = 0.05
_MOST_ENCLOSED: Final = 4
# How often as tall as wide such a gap is at least, and the share of its border that is clearly cloth.
_SLIM: Final = 2.0
_BORDERED: Final = 0.4


def narrow_gaps(rest: BoolArray, widest: float = 0.012) -> BoolArray:
    """Ground that the flood's disc was too wide for, such as between sleeve and body.

    A leak into a garment of the surface's own colour opens into something wide, which a gap does not.

    Args:
        rest: (H, W) bool, like the ground and not reached.
        widest: radius relative to the longer side.
    Returns:
        (H, W) bool, the components of ``rest`` that are nowhere wider.
    """
    _, labels = cv2.connectedComponents(rest.astype(np.uint8), connectivity=8)
    distance = cv2.distanceTransform(rest.astype(np.uint8), cv2.DIST_L2, 3)
    radius = np.zeros(int(labels.max()) + 1, np.float32)
    np.maximum.at(radius, labels.ravel(), distance.ravel())
    narrow = radius < widest * max(rest.shape)
    narrow[0] = False
    return np.asarray(narrow[labels])


def without_threads(region: BoolArray) -> BoolArray:
    """A region less what is one or two pixels wide, such as an outline's own slope, which joins gaps with one another.

    Args:
        region: (H, W) bool.
    """
    cross = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
    return np.asarray(cv2.morphologyEx(region.astype(np.uint8), cv2.MORPH_OPEN, cross) > 0)


def enclosed_gaps(difference: FloatArray, reached: BoolArray, low: float) -> BoolArray:
    """Gaps between the body and sleeves whose ends lie on it: few, upright, pointed, and of the ground's very colour.

    A print's patches are smaller, stripes more or as wide at their ends, and white cloth on white has no dark border.

    Args:
        difference: (H, W) float32 Lab difference from the surface.
        reached: (H, W) bool, ground around the garment.
        low: least difference that is one.
    Returns:
        (H, W) bool.
    """
    alike = without_threads((difference < 3 * low) & ~reached)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(alike.astype(np.uint8), connectivity=4)
    kept = []
    for label, (left, top, width, height, area) in enumerate(stats):
        if not label or height < max(_SLIM * width, _SHORTEST_ENCLOSED * max(alike.shape)):
            continue
        near = np.s_[max(0, top - 4) : top + height + 4, max(0, left - 4) : left + width + 4]
        part = labels[near] == label
        if area < 0.25 * width * height or not _is_pointed(part):
            continue
        border = cv2.dilate(part.astype(np.uint8), np.ones((7, 7), np.uint8)) > cv2.dilate(
            part.astype(np.uint8), np.ones((3, 3), np.uint8)
        )
        inner = cv2.erode(part.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
        same = np.median(difference[near][inner if inner.any() else part]) < 1.5 * low  # JPEG tinges narrow gaps
        if same and np.mean(difference[near][border] > 5 * low) > _BORDERED:
            kept.append(label)
    return np.isin(labels, kept) if len(kept) <= _MOST_ENCLOSED else np.zeros_like(reached)


def _is_pointed(part: BoolArray) -> bool:
    """True for a shape that is crossed once by its rows and narrower at both ends than between them."""
    rows = part[part.any(1)]
    once = (np.diff(rows.astype(np.int8), axis=1, prepend=0) > 0).sum(axis=1) == 1
    widths, end = rows.sum(1), max(1, len(rows) // 8)
    return bool(once.mean() > _CROSSED_ONCE and max(widths[:end].mean(), widths[-end:].mean()) < 0.7 * widths.max())


def plain_and_long(
    gaps: BoolArray, ground: BoolArray | None = None, shortest: float = _SHORTEST, slim: float = 1.0
) -> BoolArray:
    """Gaps that run far up between sleeve and body or between legs; rows cross a print's own ground more than once.

    Args:
        gaps: (H, W) bool, of ``narrow_gaps``.
        ground: (H, W) bool, where the flood came: the part of a gap below that was wide enough for it counts as well.
        shortest: least height relative to the longer side.
        slim: how often it is as tall as wide at least.
    Returns:
        (H, W) bool, within ``gaps``.
    """
    _, labels, stats, _ = cv2.connectedComponentsWithStats(without_threads(gaps).astype(np.uint8), connectivity=8)
    kept = np.zeros(len(stats), bool)
    for label, (left, top, width, height, _) in enumerate(stats):
        if not label or height <= slim * width:
            continue
        least, below = shortest * max(gaps.shape), 0
        if ground is not None and height <= least:
            below = _channel(ground, int(top + height), int(left + width / 2))
        if height + below > least:
            part = labels[top : top + height, left : left + width] == label
            runs = (np.diff(part.astype(np.int8), axis=1, prepend=0) > 0).sum(axis=1)
            kept[label] = float(np.mean(runs == 1)) > _CROSSED_ONCE
    return np.asarray(kept[labels])


def lined_with_cloth(gaps: BoolArray, cloth: BoolArray, ground: BoolArray) -> BoolArray:
    """Gaps between cloth and cloth: what fades into them, as pale cloth into shade, is none.

    Args:
        gaps: (H, W) bool.
        cloth: (H, W) bool, what is clearly no ground.
        ground: (H, W) bool, where the flood came; a gap may open into it.
    Returns:
        (H, W) bool, within ``gaps``.
    """
    _, labels, stats, _ = cv2.connectedComponentsWithStats(gaps.astype(np.uint8), connectivity=8)
    kept = np.zeros(len(stats), bool)
    for label, (left, top, width, height, _) in enumerate(stats):
        if label:
            near = np.s_[max(0, top - 5) : top + height + 5, max(0, left - 5) : left + width + 5]
            part = (labels[near] == label).astype(np.uint8)
            slope = cv2.dilate(part, np.ones((5, 5), np.uint8)) > 0
            border = (cv2.dilate(part, np.ones((9, 9), np.uint8)) > 0) & ~slope & ~ground[near]
            kept[label] = border.any() and float(cloth[near][border].mean()) > _LINED
    return np.asarray(kept[labels])


def _channel(ground: BoolArray, row: int, column: int) -> int:
    """How many rows the ground goes on below a place, narrow and with cloth on both sides."""
    widest, first = _WIDEST_CHANNEL * max(ground.shape), row
    while row < len(ground):
        near = np.flatnonzero(ground[row, max(0, column - 4) : column + 5])
        if not len(near):
            break
        column = max(0, column - 4) + int(near[len(near) // 2])
        before, after = np.flatnonzero(~ground[row, :column]), np.flatnonzero(~ground[row, column:])
        if not len(before) or not len(after) or column + after[0] - before[-1] > widest:
            break
        column = (int(before[-1]) + column + int(after[0])) // 2
        row += 1
    return row - first
