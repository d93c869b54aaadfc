"""What to keep of a raw mask: the garment, without watermarks, hooks and hands."""

from __future__ import annotations

import cv2
import numpy as np

from vmodel.garment.cutout_plain import connected_to, disc
from vmodel.types import BoolArray


def garment_parts(mask: BoolArray) -> list[BoolArray]:
    """Split a mask into its separate pieces, largest first, without specks.

    Args:
        mask: (H, W) bool.
    Returns:
        (H, W) bool masks; pin holes are filled.
    """
    solid = _without_pin_holes(mask)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(solid.astype(np.uint8), connectivity=8)
    order = 1 + np.argsort(-stats[1:, cv2.CC_STAT_AREA], kind="stable")
    least = 0.002 * mask.size
    return [np.asarray(labels == label) for label in order if count > 1 and stats[label, cv2.CC_STAT_AREA] >= least]


def drop_what_hangs_on(mask: BoolArray) -> BoolArray:
    """Remove a hanger's hook above the neck, and a hand or a stand that hangs on by something thin.

    Straps stay: they come in pairs away from the middle, or as wide loops.

    Args:
        mask: (H, W) bool, one connected piece.
    Returns:
        (H, W) bool.
    """
    radius = max(3, round(0.011 * max(mask.shape)))
    thick = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, disc(radius)).astype(bool)
    count, labels, stats, centroids = cv2.connectedComponentsWithStats(thick.astype(np.uint8), connectivity=8)
    if count < 2:
        return mask
    main = 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
    left, top, width, height, area = stats[main]
    foreign = np.zeros_like(mask)
    for label in range(1, count):
        above = stats[label, cv2.CC_STAT_TOP] + stats[label, cv2.CC_STAT_HEIGHT] <= top + 0.02 * height
        if label != main and above and stats[label, cv2.CC_STAT_AREA] < 0.12 * area:
            foreign |= labels == label
    foreign |= _hook(mask & ~thick, left + width / 2, int(top), int(width))
    if not foreign.any():
        return mask
    grown = cv2.dilate(foreign.astype(np.uint8), disc(2)).astype(bool)
    return connected_to(mask & ~grown, labels == main)


def _hook(thin: BoolArray, middle: float, top: int, width: int) -> BoolArray:
    """Thin pieces that rise from the neck in the middle and are narrow: the hook of a hanger."""
    count, labels, stats, centroids = cv2.connectedComponentsWithStats(thin.astype(np.uint8), connectivity=8)
    hook = np.zeros_like(thin)
    for label in range(1, count):
        narrow = stats[label, cv2.CC_STAT_WIDTH] < 0.16 * width
        central = abs(centroids[label][0] - middle) < 0.08 * width
        rises = top - stats[label, cv2.CC_STAT_TOP] > 0.03 * width
        if narrow and central and rises:
            hook |= labels == label
    return hook


def _without_pin_holes(mask: BoolArray) -> BoolArray:
    count, labels, stats, _ = cv2.connectedComponentsWithStats((~mask).astype(np.uint8), connectivity=4)
    small = stats[:, cv2.CC_STAT_AREA] < 6e-5 * mask.size
    small[0] = False
    return np.asarray(mask | small[labels])
