"""Cloth of a garment without the parts sewn on to its front: plackets, pockets, lapels, zips and their seams."""

from __future__ import annotations

import cv2
import numpy as np

from vmodel.garment.imaging.inpaint import extent, fill_smooth
from vmodel.types import BoolArray, ByteArray, FloatArray

SMALL = 720
# Lab units by which a seam's line differs from the cloth beside it, at least.
LEAST_STEP = 4.0
# Lines are at most this wide, as a share of the garment's size; folds are wider.
WIDEST_LINE = 0.016
# A line longer than this share of the garment is sewn, a shorter one is a crease or weave.
LEAST_RUN = 0.045
# Cloth with lines in more of its cells than this is patterned: the pattern goes round to the back.
MOST_CELLS = 0.62
# A level line of this share of the garment's size goes round the body.
LEVEL_RUN = 0.22


def sewn_marks(photo: ByteArray, mask: BoolArray) -> BoolArray:
    """Find lines that are narrower than folds and longer than creases, with the stitches beside them.

    Args:
        photo: (H, W, 3) uint8, colours bled past the outline.
        mask: (H, W) bool, the garment.
    Returns:
        (H, W) bool; none where the cloth itself is patterned or coarse.
    """
    scale = min(1.0, SMALL / extent(mask))
    size = (max(8, round(photo.shape[1] * scale)), max(8, round(photo.shape[0] * scale)))
    small = cv2.resize(photo, size, interpolation=cv2.INTER_AREA)
    inside = cv2.resize(mask.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0
    lab = cv2.cvtColor(small.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    step = _narrow(cv2.GaussianBlur(lab, (0, 0), 0.0016 * extent(inside)), extent(inside))
    usual = float(np.median(step[inside])) if inside.any() else 0.0
    strong = (step > max(LEAST_STEP, 5 * usual)) & inside
    weak = (step > max(0.45 * LEAST_STEP, 2.5 * usual)) & inside
    strong, weak = _without_level(strong, inside), _without_level(weak, inside)
    lines = _long_runs(strong, weak, inside)
    if not inside.any() or _share_of_cells(lines, inside) > MOST_CELLS:
        return np.zeros(mask.shape, bool)
    reach = 2 * max(2, round(0.006 * extent(inside))) + 1
    grown = cv2.dilate(lines.astype(np.uint8), cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach)))
    return np.asarray(cv2.resize(grown, mask.shape[::-1], interpolation=cv2.INTER_NEAREST) > 0) & mask


def _narrow(lab: FloatArray, size: float) -> FloatArray:
    """Measure how much details narrower than a fold differ from both sides, (H, W); borders of colour blocks do not."""
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * max(2, round(WIDEST_LINE * size / 2)) + 1,) * 2)
    hats = [cv2.morphologyEx(lab, hat, kernel) for hat in (cv2.MORPH_BLACKHAT, cv2.MORPH_TOPHAT)]
    return np.asarray(np.linalg.norm(np.maximum(*hats), axis=2))


def _long_runs(strong: BoolArray, weak: BoolArray, inside: BoolArray) -> BoolArray:
    """Keep weak marks that are connected to strong ones, reach far, and do not go round the body."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(weak.astype(np.uint8), connectivity=8)
    reach = np.hypot(stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT])
    kept = (np.bincount(labels[strong], minlength=count) > 0) & (reach > LEAST_RUN * extent(inside))
    kept[0] = False
    for i in np.nonzero(kept)[0]:
        kept[i] = not goes_round(labels == i, inside)
    return np.asarray(kept[labels])


def goes_round(piece: BoolArray, inside: BoolArray) -> bool:
    """Tell whether a band or line runs from side to side: ribs, belts and hems are on the back as well."""
    rows, columns = np.nonzero(piece)
    gaps = np.nonzero(~inside[int(np.median(rows))])[0]
    middle = float(np.median(columns))
    left = gaps[gaps < middle].max(initial=-1)
    right = gaps[gaps > middle].min(initial=inside.shape[1])
    return bool(np.ptp(columns) > 0.7 * (right - left - 1) and np.ptp(rows) < 0.16 * extent(inside))


def _without_level(marks: BoolArray, inside: BoolArray) -> BoolArray:
    """Remove from the marks level lines across the body, such as quilting, which cross plackets and zips."""
    run = np.ones((1, max(3, round(LEVEL_RUN * extent(inside)))), np.uint8)
    thick = cv2.dilate(marks.astype(np.uint8), np.ones((3, 1), np.uint8))
    level = cv2.dilate(cv2.morphologyEx(thick, cv2.MORPH_OPEN, run), np.ones((3, 1), np.uint8))
    return np.asarray(marks & (level == 0))


def _share_of_cells(lines: BoolArray, inside: BoolArray) -> float:
    """Return the share of the garment's cells, each a twentieth of its size, that a line crosses."""
    cell = max(4, round(extent(inside) / 20))
    height, width = (n // cell * cell for n in inside.shape)
    counts = [
        a[:height, :width].reshape(height // cell, cell, width // cell, cell).sum((1, 3)) for a in (lines, inside)
    ]
    full = counts[1] > 0.6 * cell * cell
    return float((counts[0][full] > 0.4 * cell).mean()) if full.any() else 1.0


def fill_woven(photo: ByteArray, known: BoolArray, mask: BoolArray) -> ByteArray:
    """Fill unknown pixels smoothly and overlay the weave of the cloth nearby.

    Args:
        photo: (H, W, 3) uint8.
        known: (H, W) bool; the rest is replaced, and all outside the mask with it.
        mask: (H, W) bool, where cloth may be copied from.
    Returns:
        (H, W, 3) uint8.
    """
    filled = fill_smooth(photo, known & mask)
    size = extent(mask)
    weave = cv2.subtract(photo, cv2.GaussianBlur(photo, (0, 0), max(1.0, 0.004 * size)), dtype=cv2.CV_16S)
    cloth = cv2.erode((known & mask).astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    rows, columns = np.nonzero(~known & mask)
    detail, open_spots = np.zeros((len(rows), 3), np.int16), np.ones(len(rows), bool)
    for share in (0.03, 0.05, 0.08, 0.12, 0.17):
        for way in ((0, 1), (0, -1), (1, 0), (-1, 0)):
            y = rows + round(way[0] * share * size)
            x = columns + round(way[1] * share * size)
            y, x = np.clip(y, 0, mask.shape[0] - 1), np.clip(x, 0, mask.shape[1] - 1)
            fits = open_spots & cloth[y, x]
            detail[fits] = weave[y[fits], x[fits]]
            open_spots &= ~fits
    filled[rows, columns] = np.clip(filled[rows, columns] + detail, 0, 255)
    return filled
