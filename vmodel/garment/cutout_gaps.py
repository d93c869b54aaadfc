"""Gaps between sleeve and body or between legs, which a flood is too wide for."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from vmodel.types import BoolArray

# How far a gap runs that is believed beside a print of the ground's colour, relative to the longer side.
_SHORTEST: Final = 0.1
# Share of its rows that cross such a gap once.
_CROSSED_ONCE: Final = 0.8


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


def plain_and_long(gaps: BoolArray) -> BoolArray:
    """Gaps that run far up between sleeve and body or between legs; rows cross a print's own ground more than once.

    Args:
        gaps: (H, W) bool, of ``narrow_gaps``.
    Returns:
        (H, W) bool, within ``gaps``.
    """
    whole = cv2.morphologyEx(gaps.astype(np.uint8), cv2.MORPH_OPEN, cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3)))
    _, labels, stats, _ = cv2.connectedComponentsWithStats(whole, connectivity=8)
    kept = np.zeros(len(stats), bool)
    for label, (left, top, width, height, _) in enumerate(stats):
        if label and height > max(width, _SHORTEST * max(gaps.shape)):
            part = labels[top : top + height, left : left + width] == label
            runs = (np.diff(part.astype(np.int8), axis=1, prepend=0) > 0).sum(axis=1)
            kept[label] = float(np.mean(runs == 1)) > _CROSSED_ONCE
    return np.asarray(kept[labels])
