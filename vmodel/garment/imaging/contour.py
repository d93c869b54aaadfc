"""Outline of a garment in its photo: edges near given places, gaps between pieces, sides and hem."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from vmodel.types import BoolArray, FloatArray, GarmentPhoto, IntArray

SIDES: Final = ("left", "right")
SIDE_SHARES: Final = (0.2, 0.4, 0.6, 0.8, 1.0)
"""Shares of the way from an armpit down to the hem."""
HEM_SHARES: Final = np.linspace(-1, 1, 9)
"""Shares of a hem's half width."""
_OVERLAP: Final = 0.05
"""Most rows that two slanted pieces, one above the other, may share, as a share of the sum of their heights."""
_NEAR_PX: Final = 6
"""Distance from a sleeve's cloth within which an outline may be that sleeve's."""
_LEAST_PIECE: Final = 0.12
"""Least share of the cloth in either of two pieces."""


def row_ends(mask: BoolArray, y: float) -> IntArray:
    """Return the columns of the mask in the row at a height, or in the nearest row of the picture."""
    row = int(np.clip(round(y), 0, mask.shape[0] - 1))
    return np.flatnonzero(mask[row])


def distance_to_edge(region: BoolArray) -> FloatArray:
    """Return the pixels to the region's edge, (H, W) float32; the picture's rim is not an edge."""
    padded = np.pad(region, 1, mode="edge").astype(np.uint8)
    return np.asarray(cv2.distanceTransform(padded, cv2.DIST_L2, 5)[1:-1, 1:-1], np.float32)


def smooth_line(line: FloatArray, times: int) -> FloatArray:
    """Average the neighbours of an (n, ...) line; the ends stay."""
    line = line.copy()
    for _ in range(times):
        line[1:-1] = 0.25 * line[:-2] + 0.5 * line[1:-1] + 0.25 * line[2:]
    return line


def outline_beside(mask: BoolArray, at: FloatArray, reach_px: float, outwards: float) -> float:
    """Find the end of the garment near a place, along its row.

    Args:
        mask: (H, W) bool.
        at: (2,) pixels, near the outline.
        reach_px: how far the search goes.
        outwards: +1 where the garment ends to the right, -1 to the left.
    Returns:
        x of the end, or of the place itself where no end is near.
    """
    columns = row_ends(mask, float(at[1]))
    if not len(columns):
        return float(at[0])
    runs = np.split(columns, np.flatnonzero(np.diff(columns) > 1) + 1)
    inside = at[0] - 0.5 * outwards * reach_px
    # a sleeve that hangs beside the trunk is a run of its own
    run = min(runs, key=lambda each: max(each[0] - inside, inside - each[-1], 0.0))
    end = float(run[-1] + 1 if outwards > 0 else run[0])
    return end if abs(end - at[0]) < 0.98 * reach_px else float(at[0])


def outline_across(
    mask: BoolArray, start: FloatArray, end: FloatArray, share: float, inner: FloatArray, reach: float = 0.12
) -> FloatArray:
    """Find the outline beside a straight line, at a share of the line.

    Args:
        mask: (H, W) bool, the garment.
        start: (2,) pixels, one end of the line.
        end: the other.
        share: 0..1.
        inner: (2,) pixels, a place on the garment's side of the line.
        reach: how far the search goes on both sides, as a share of the line's length.
    Returns:
        (2,) pixels of the outline; of the place on the line where the outline is not near.
    """
    at = (1 - share) * start + share * end
    way = end - start
    length = max(float(np.linalg.norm(way)), 1.0)
    outwards = np.array([-way[1], way[0]]) / length
    if (inner - at) @ outwards > 0:
        outwards = -outwards
    return outline_outwards(mask, at, outwards, reach * length)


def outline_outwards(mask: BoolArray, at: FloatArray, outwards: FloatArray, reach_px: float) -> FloatArray:
    """Find the garment's outermost pixel on a line through a place.

    Args:
        mask: (H, W) bool, the garment.
        at: (2,) pixels.
        outwards: (2,) unit vector away from the garment.
        reach_px: how far the search goes on both sides.
    Returns:
        (2,) pixels; the place itself where the garment does not end within reach.
    """
    steps = np.arange(-reach_px, reach_px, 0.5)
    line = at + steps[:, None] * outwards
    columns, rows = (np.clip(np.round(line[:, i]).astype(int), 0, mask.shape[1 - i] - 1) for i in (0, 1))
    inside = mask[rows, columns]
    if not inside.any() or inside[-1]:
        return np.asarray(at)
    return np.asarray(line[int(np.flatnonzero(inside).max())])


def gap_row(mask: BoolArray) -> float | None:
    """Return the row between two pieces of which one lies above the other, or None if there are no such two.

    Args:
        mask: (H, W) bool, upright.
    """
    count, _, stats, middles = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    if count < 3:
        return None
    largest = 1 + np.argsort(stats[1:, cv2.CC_STAT_AREA])[-2:]
    upper, lower = sorted(largest, key=lambda piece: float(middles[piece, 1]))
    left, top, width, height, area = stats[[upper, lower]].T.astype(float)
    together = min(left + width) - max(left)
    overlap = top[0] + height[0] - top[1]
    if min(area) < _LEAST_PIECE * sum(area) or together < 0.5 * min(width) or overlap > _OVERLAP * sum(height):
        return None
    return float(top[0] + height[0] + top[1]) / 2


def trunk_of(photo: GarmentPhoto) -> BoolArray:
    """Return the (H, W) bool mask of a garment without the sleeves beside its front."""
    return np.asarray(photo.mask & ~np.any(list(photo.beside.values()), axis=0)) if photo.beside else photo.mask


def side_spots(photo: GarmentPhoto, *, behind: bool = False) -> dict[float, tuple[FloatArray, FloatArray]]:
    """Locate the sides: share of the way from armpit to hem -> (2,) pixels on the left and on the right.

    Args:
        photo: the garment, upright.
        behind: a side goes on straight behind a sleeve that hangs before it; otherwise it ends with what is seen.
    """
    reach = 0.3 * photo.half("armpit")
    trunk, found = trunk_of(photo), {}
    for share in SIDE_SHARES:
        spots = []
        for side, sign in zip(SIDES, (1.0, -1.0), strict=True):
            corner = photo.points.get(f"hem_{side}", photo.points.get(f"leg_outer_{side}"))
            assert corner is not None
            at = (1 - share) * photo.points[f"armpit_{side}"] + share * corner
            x = corner[0] if share == 1 else outline_beside(trunk, at, reach, sign)
            sleeve = photo.lying.get(side, photo.beside.get(side) if behind else None)
            if sleeve is not None and share < 1 and _is_near(sleeve, np.array([x, at[1]])):
                x = at[0]  # the outline there is the sleeve's
            spots.append(np.array([x, at[1]]))
        found[share] = spots[0], spots[1]
    return found


def _is_near(mask: BoolArray, at: FloatArray) -> bool:
    """Tell whether a mask reaches a place."""
    x, y = (int(np.clip(round(float(at[axis])), 0, mask.shape[1 - axis] - 1)) for axis in (0, 1))
    return bool(mask[max(0, y - _NEAR_PX) : y + _NEAR_PX + 1, max(0, x - _NEAR_PX) : x + _NEAR_PX + 1].any())


def hem_spots(photo: GarmentPhoto) -> FloatArray:
    """Return (9, 2) pixels along the hem from the right corner to the left one, at ``HEM_SHARES``."""
    left, right = photo.points["hem_left"], photo.points["hem_right"]
    way = left - right
    size = float(np.linalg.norm(way))
    normal = np.array([-way[1], way[0]]) / max(size, 1.0)
    normal *= np.sign(normal[1]) or 1.0
    base = right + way * (HEM_SHARES[:, None] + 1) / 2
    steps = np.arange(-0.25 * size, 0.25 * size, 1.0)
    trunk, below = trunk_of(photo), np.zeros(len(HEM_SHARES))
    for place, at in enumerate(base):
        line = at + steps[:, None] * normal
        columns, rows = (np.clip(np.round(line[:, i]).astype(int), 0, trunk.shape[1 - i] - 1) for i in (0, 1))
        inside = trunk[rows, columns]
        below[place] = float(steps[inside].max()) if inside.any() else 0.0
    if "hem_mid" in photo.points:  # the landmark is more reliable than an outline that runs into shadow
        middle = float((photo.points["hem_mid"] - (left + right) / 2) @ normal)
        below[len(below) // 2] = middle
        below = np.clip(below, min(0.0, middle) - 0.04 * size, max(0.0, middle) + 0.04 * size)
    below[[0, -1]] = 0.0
    below[1:-1] = 0.25 * below[:-2] + 0.5 * below[1:-1] + 0.25 * below[2:]
    return np.asarray(base + below[:, None] * normal)
