"""Where the front ends and the visible inside of the back begins."""

from __future__ import annotations

import cv2
import numpy as np

from vmodel.garment.outline import edge_strength, follow_edge, resample_path, smooth_path
from vmodel.types import ByteArray, FloatArray, Neckline

POINTED = {Neckline.V, Neckline.COLLAR, Neckline.HOOD}


def front_edge(rgb: ByteArray, top: FloatArray, low: FloatArray, neckline: Neckline, size: float) -> FloatArray | None:
    """Front neckline (or front waist edge) between the ends of the outline's top edge.

    The inside of the back shows between that top edge and the front's own edge, a step in colour or shade.

    Args:
        rgb: (H, W, 3) uint8 photo.
        top: (n, 2) photo pixels, the outline from the left end to the right end.
        low: (2,) lowest point of the front edge, roughly.
        neckline: shape expected.
        size: extent of the garment in pixels.
    Returns:
        (m, 2) photo pixels from left to right, or None where the front reaches the outline.
    """
    left, right = top[0], top[-1]
    middle = top[np.abs(top[:, 0] - low[0]).argmin()]
    depth = low[1] - middle[1]
    if depth < 0.012 * size or low[1] <= max(left[1], right[1]):
        return None
    pull = edge_strength(rgb, max(0.8, size * 0.0012))
    step = max(1.5, size * 0.0025)
    best, found = -np.inf, None
    for factor in np.linspace(0.5, 1.25, 11):
        guide = resample_path(_guide(left, right, middle + (low - middle) * factor, neckline), step)
        path = follow_edge(pull, guide, half_width=min(0.012 * size, 0.4 * depth * factor), bend=0.25, symmetry=0.4)
        score = _mean_along(pull, path) - 0.6 * np.log(factor) ** 2
        if score > best:
            best, found = score, path
    if found is None:
        return None
    return _below(smooth_path(resample_path(found, step), 1.5), top)


def _mean_along(pull: FloatArray, path: FloatArray) -> float:
    spots = path.astype(np.float32)[None] - 0.5
    return float(cv2.remap(pull, spots[..., 0], spots[..., 1], cv2.INTER_LINEAR).mean())


def side_edge(rgb: ByteArray, neck: FloatArray, low: FloatArray, size: float) -> FloatArray:
    """Edge of an open front from the neck point to the top of its free edge, (n, 2) photo pixels."""
    guide = resample_path(np.stack([neck, low]), max(1.5, size * 0.0025))
    found = follow_edge(edge_strength(rgb, max(0.8, size * 0.0012)), guide, half_width=0.015 * size, bend=0.3)
    return smooth_path(resample_path(found, max(1.5, size * 0.0025)), 1.5)


def split_stand(top: FloatArray, least: float) -> tuple[FloatArray, FloatArray, FloatArray] | None:
    """Part the outline between the neck points into the sides of a standing collar and its open top.

    Args:
        top: (n, 2) photo pixels from the left neck point to the right one.
        least: rise above the neck points, in pixels, under which there is no stand.
    Returns:
        Left side, top, right side (they share their ends), or None.
    """
    chord = top[-1] - top[0]
    span = float(np.linalg.norm(chord))
    along = (top - top[0]) @ chord / max(span, 1e-9)
    rise = (top - top[0]) @ np.array([-chord[1], chord[0]]) / max(span, 1e-9)
    ends = []
    for score, part in ((rise - along, along < 0.4 * span), (rise - (span - along), along > 0.6 * span)):
        spots = np.nonzero(part)[0]
        best = int(spots[score[spots].argmax()]) if len(spots) else 0
        if not len(spots) or rise[best] < least:
            return None
        ends.append(best)
    if not 1 < ends[0] < ends[1] < len(top) - 2:
        return None
    return top[: ends[0] + 1], top[ends[0] : ends[1] + 1], top[ends[1] :]


def _guide(left: FloatArray, right: FloatArray, low: FloatArray, neckline: Neckline) -> FloatArray:
    t = np.linspace(0, 1, 60)[:, None]
    if neckline in POINTED:
        way = np.concatenate([left + (low - left) * t, low + (right - low) * t[1:]])
        return way
    power = 0.45 if neckline == Neckline.SQUARE else 1.0
    angle = np.pi * t[:, 0]
    across = left[0] + (right[0] - left[0]) * (1 - np.cos(angle)) / 2
    chord = np.interp(across, sorted([left[0], right[0]]), [right[1], left[1]])
    drop = low[1] - np.interp(low[0], sorted([left[0], right[0]]), [right[1], left[1]])
    return np.stack([across, chord + drop * np.sin(angle) ** power], 1)


def _below(edge: FloatArray, top: FloatArray) -> FloatArray | None:
    """The edge, kept under the outline's top; None if it does not stay below for most of its way."""
    order = np.argsort(top[:, 0])
    roof = np.interp(edge[:, 0], top[order, 0], top[order, 1])
    under = edge[:, 1] > roof + 0.5
    if under[len(edge) // 5 : -len(edge) // 5 or None].mean() < 0.8:
        return None
    kept = edge.copy()
    kept[1:-1, 1] = np.maximum(edge[1:-1, 1], roof[1:-1] + 0.3)
    return kept
