"""The visible inside of a waistband: the crescent of the back that shows above the front."""

from __future__ import annotations

from itertools import product

import cv2
import numpy as np

from vmodel.garment.outline import edge_strength, follow_edge, resample_path, smooth_path
from vmodel.types import ByteArray, FloatArray

ENDS = (0.02, 0.1, 0.18, 0.26)
"""Where a crescent begins and ends, as shares of the waist's width from either side."""
DEPTHS = (0.014, 0.07)
"""Depth in the middle, as a share of the waist's width: half a centimetre to three on a waist of 40 cm laid flat."""
SHAPES = (0.7, 1.0, 1.5)
"""Powers of the sine that a crescent's lower edge follows."""
LEAST_STEP = 6.0
"""Lab: how much the inside differs from the front at least."""
LEAST_SHARE = 0.75
"""Share of the places looked at that must have the colour of their side of the edge; labels and loops have neither."""
ABOVE, BELOW, RUN_OUT = (0.2, 0.4, 0.6, 0.8), (1.2, 1.4, 1.6, 1.8), (0.25, 0.35, 0.45)
"""Where colours are taken, as shares of the crescent's depth below the outline."""


def waist_edge(rgb: ByteArray, top: FloatArray, size: float) -> FloatArray | None:
    """Upper edge of the front of trousers or a skirt, where the back's inside shows above it.

    Both meet at the sides, so the inside is a crescent; a waistband of another colour is as wide there as in the
    middle and belongs to the front.

    Args:
        rgb: (H, W, 3) uint8 photo, its cloth bled over the backdrop so that only edges within the cloth count.
        top: (n, 2) photo pixels, the outline from the left end of the waist to the right end.
        size: extent of the garment in pixels.
    Returns:
        (m, 2) photo pixels between the same ends, or None where no crescent shows.
    """
    left, right = sorted((top[0], top[-1]), key=lambda end: float(end[0]))
    span = float(right[0] - left[0])
    if span < 40:
        return None
    order = np.argsort(top[:, 0], kind="stable")
    share = np.linspace(0.0, 1.0, 161)
    columns = left[0] + share * span
    roof = np.interp(columns, top[order, 0], top[order, 1])
    lab = cv2.cvtColor(rgb.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    lab = cv2.GaussianBlur(lab, (0, 0), max(0.7, 0.001 * size))
    pull = edge_strength(rgb, max(0.8, 0.0012 * size))
    depths = np.geomspace(*DEPTHS, 12)
    best = max(_score(lab, pull, columns, roof, np.full_like(share, depth * span)) for depth in depths)
    chosen = None
    for start, end, shape, depth in product(ENDS, ENDS, SHAPES, depths):
        bow = np.sin(np.pi * np.clip((share - start) / (1 - end - start), 0, 1)) ** shape
        score = _score(lab, pull, columns, roof, bow * depth * span)
        if score > best:
            best, chosen = score, bow * depth * span
    if chosen is None:
        return None
    step = max(1.5, 0.0025 * size)
    guide = resample_path(np.stack([columns, roof + chosen], 1), step)
    found = follow_edge(pull, guide, half_width=0.006 * size, bend=0.25, symmetry=0.2)
    edge = smooth_path(resample_path(found, step), 1.5)
    edge[:, 1] = np.maximum(edge[:, 1], np.interp(edge[:, 0], columns, roof))
    edge[0], edge[-1] = left, right
    return edge if top[0, 0] < top[-1, 0] else edge[::-1]


def _score(lab: FloatArray, pull: FloatArray, columns: FloatArray, roof: FloatArray, gap: FloatArray) -> float:
    """How well a crescent parts the inside from the front, 0 where it does not."""
    deepest = float(gap.max())
    inner = gap > 0.35 * deepest
    above = _colours(lab, columns[inner], roof[inner], gap[inner], ABOVE)
    below = _colours(lab, columns[inner], roof[inner], gap[inner], BELOW)
    inside, front = np.median(above, axis=(0, 1)), np.median(below, axis=(0, 1))
    step = inside - front
    size = float(np.linalg.norm(step))
    if size < LEAST_STEP:
        return 0.0
    middle = (inside + front) / 2
    parted = float(np.mean([((above - middle) @ step > 0).mean(), ((below - middle) @ step < 0).mean()]))
    # where the crescent has run out, the front itself lies at the depth of its middle
    ends = gap < 0.2 * deepest
    if parted < LEAST_SHARE:
        return 0.0
    if ends.any():
        outside = _colours(lab, columns[ends], roof[ends], np.full(int(ends.sum()), deepest), RUN_OUT)
        if float(((outside - middle) @ step < 0).mean()) < LEAST_SHARE:
            return 0.0
    line = cv2.remap(pull, *_spots(columns[inner], roof[inner], gap[inner], (1.0,)), cv2.INTER_LINEAR)
    return parted * (1 + float(np.tanh(size / 12))) + 0.5 * float(line.mean())


def _colours(
    lab: FloatArray, columns: FloatArray, roof: FloatArray, gap: FloatArray, shares: tuple[float, ...]
) -> FloatArray:
    """(n, k, 3) colours at shares of the gap below the outline."""
    return np.asarray(cv2.remap(lab, *_spots(columns, roof, gap, shares), cv2.INTER_LINEAR))


def _spots(
    columns: FloatArray, roof: FloatArray, gap: FloatArray, shares: tuple[float, ...]
) -> tuple[FloatArray, FloatArray]:
    rows = roof[:, None] + gap[:, None] * np.array(shares)
    x = np.broadcast_to(columns[:, None], rows.shape)
    return x.astype(np.float32) - 0.5, rows.astype(np.float32) - 0.5
