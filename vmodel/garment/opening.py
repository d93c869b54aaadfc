"""Coats and cardigans that lie open: where the two fronts end."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from vmodel.garment.outline import edge_strength, extent, follow_edge, resample_path, smooth_path
from vmodel.types import BoolArray, ByteArray, FloatArray


@dataclass(frozen=True)
class FrontOpening:
    """Free edges of both fronts, photo pixels, from the neck down to the hem.

    Attributes:
        left, right: (n, 2); the wearer's left front ends at ``left``.
        closed_mask: (H, W) bool, the garment with the backdrop between the fronts filled.
    """

    left: FloatArray
    right: FloatArray
    closed_mask: BoolArray


def find_opening(
    rgb: ByteArray, mask: BoolArray, inside: FloatArray, neck: FloatArray, hem: tuple[FloatArray, FloatArray]
) -> FrontOpening | None:
    """Find the fronts' edges on both sides of the visible inside or backdrop.

    Args:
        rgb: (H, W, 3) uint8 photo.
        mask: (H, W) bool garment.
        inside: (H, W) float 0..1, how likely the inside of the back shows.
        neck: (2,) lowest point of the neckline.
        hem: left and right end of the hem.
    Returns:
        None where the gap is narrower than a hundredth of the garment: it lies closed.
    """
    size = extent(mask)
    bottom = (hem[0] + hem[1]) / 2
    rows = np.arange(round(neck[1] + 0.02 * size), round(bottom[1] - 0.03 * size))
    if len(rows) < 0.2 * size:
        return None
    centre = np.interp(rows, [neck[1], bottom[1]], [neck[0], bottom[0]])
    gap = (inside > 0.5) | ~mask
    reach = int(0.3 * abs(hem[0][0] - hem[1][0]))
    edges = np.array([_gap_at(gap[row], int(x), reach) for row, x in zip(rows, centre, strict=True)])
    known = edges[:, 1] > edges[:, 0]
    if known.mean() < 0.5 or np.median(np.diff(edges[known], axis=1)) < 0.012 * size:
        return None
    lines = []
    for column in (1, 0):
        fit = np.polyfit(rows[known], edges[known, column], 2)
        heights = np.linspace(neck[1], bottom[1], max(12, len(rows) // 4))
        lines.append(np.stack([np.polyval(fit, heights), heights], 1))
    filled = mask.astype(np.uint8)
    cv2.fillPoly(filled, [np.round(np.concatenate([lines[0], lines[1][::-1]])).astype(np.int32)], 1)
    pull = edge_strength(rgb, max(1.0, 0.0015 * size))
    left, right = (_drawn_to(pull, line, size) for line in lines)
    return FrontOpening(left, right, filled > 0)


def _gap_at(row: BoolArray, centre: int, reach: int) -> tuple[float, float]:
    """Ends of the gap in one row that lies nearest to the centre, within reach."""
    low, high = max(0, centre - reach), min(len(row), centre + reach)
    spots = np.nonzero(row[low:high])[0] + low
    if not len(spots):
        return (float(centre), float(centre))
    start = int(spots[np.abs(spots - centre).argmin()])
    left = right = start
    while left > low and row[left - 1]:
        left -= 1
    while right < high - 1 and row[right + 1]:
        right += 1
    return (float(left), float(right + 1))


def _drawn_to(pull: FloatArray, line: FloatArray, size: float) -> FloatArray:
    guide = resample_path(line, max(1.5, 0.003 * size))
    found = follow_edge(pull, guide, half_width=0.012 * size, bend=0.4)
    return smooth_path(resample_path(found, max(1.5, 0.0025 * size)), 2.0)
