"""What to keep of a raw mask: the garment, without watermarks, hooks and hands."""

from __future__ import annotations

import cv2
import numpy as np

from vmodel.garment.cutout_plain import connected_to, disc
from vmodel.types import BoolArray, FloatArray


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
    count, labels, stats, _ = cv2.connectedComponentsWithStats(thick.astype(np.uint8), connectivity=8)
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


def drop_hanger_in_neck(mask: BoolArray, lab: FloatArray) -> BoolArray:
    """Remove the top of a hanger that rises out of the neck in a colour that the garment hardly has.

    Args:
        mask: (H, W) bool, one connected piece.
        lab: (H, W, 3) float32 CIE Lab.
    Returns:
        (H, W) bool.
    """
    rows, columns = np.nonzero(mask)
    top, left, width = int(rows.min()), int(columns.min()), int(np.ptp(columns)) + 1
    neck = np.zeros_like(mask)
    neck[top : top + round(0.2 * width), left + round(0.28 * width) : left + round(0.72 * width)] = True
    tip = mask & neck
    tip[top + max(2, round(0.03 * width)) :] = False
    core = cv2.erode(tip.astype(np.uint8), disc(1)).astype(bool)
    if not core.any():
        return mask
    hanger_colour = np.median(lab[core], axis=0)
    alike = mask & (np.linalg.norm(lab - hanger_colour, axis=-1) < 16)
    hanger = connected_to(alike & neck, core)
    elsewhere = float((alike & ~hanger).sum()) / max(1, int(mask.sum()))
    distinct = float(np.linalg.norm(np.median(lab[mask], axis=0) - hanger_colour)) > 30
    below = np.nonzero((mask & ~cv2.dilate(hanger.astype(np.uint8), disc(4)).astype(bool)).any(1))[0]
    # The inside of a back neck has its own colour too, but lies between the shoulders, not above them.
    rises = below.size > 0 and below[0] - top > 0.025 * width
    if not distinct or elsewhere > 0.03 or not rises or hanger.sum() < 0.4 * tip.sum():
        return mask
    grown = cv2.morphologyEx(hanger.astype(np.uint8), cv2.MORPH_CLOSE, disc(3))
    grown = cv2.dilate(grown, disc(3)).astype(bool) & neck
    rest = cv2.morphologyEx((mask & ~grown).astype(np.uint8), cv2.MORPH_OPEN, disc(1)).astype(bool)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(rest.astype(np.uint8), connectivity=4)
    return np.asarray(labels == 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))) if count > 1 else mask


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
    _, labels, stats, _ = cv2.connectedComponentsWithStats((~mask).astype(np.uint8), connectivity=4)
    small = stats[:, cv2.CC_STAT_AREA] < 6e-5 * mask.size
    small[0] = False
    return np.asarray(mask | small[labels])
