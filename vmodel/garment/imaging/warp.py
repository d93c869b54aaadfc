"""Smooth, shape-preserving warps from the photo to a block's canvas, part by part and without folds.

A grid covers each part; every corner has its place in the photo. The grid fits landmarks and outline, and changes size
and direction as little as possible from cell to cell. Where something is printed its cells stay similarities (after
Zhang et al. 2008, "Shape-preserving warps"), so that circles stay round and letters straight.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple

import cv2
import numpy as np
from scipy import sparse
from scipy.sparse.linalg import spsolve

from vmodel.types import BoolArray, ByteArray, FloatArray, IntArray

Pairs = list[tuple[FloatArray, FloatArray, float]]
"""Place in cm, place in the photo in pixels, weight."""
Places = Callable[[FloatArray, FloatArray], FloatArray]
"""Photo pixels (..., 2) of places in cm, x and y."""


class Prints(NamedTuple):
    """Placed prints of a part.

    Attributes:
        places: (n, 2) cm, places on them.
        px_per_cm: (n, 2) the photo's pixels per cm, across and up, that the print keeps there.
        heights: place in cm of the middle of each print, and its height in the photo in pixels.
    """

    places: FloatArray
    px_per_cm: FloatArray
    heights: list[tuple[FloatArray, float]]


_CELLS: Final = 26
"""Cells along a part's longer side."""
_SIMILAR, _SMOOTH, _MEET = 1.0, 0.35, 6.0
"""Weights of the similarity of a cell, of the smoothness between neighbours, and of fitting a point."""
_HELD: Final = 5.0
"""Importance of a print's height beside that of a landmark."""
_STIFFER: Final = (1.0, 4.0, 16.0, 64.0, 400.0)
"""Factors on the weights of similarity and smoothness, by attempt, until no cell folds."""
LEAST_AREA: Final = 0.15
"""Share of the typical area below which a cell counts as folded."""


@dataclass(frozen=True, eq=False)
class Warp:
    """Map from a part's canvas to the photo.

    Attributes:
        low, step: (2,) cm of the first grid corner and between corners.
        corners_px: (rows, columns, 2) photo pixels of every corner; row 0 is the lowest.
        stretch: largest ratio of a cell's two directions over the part's typical one, where something is printed.
    """

    low: FloatArray
    step: FloatArray
    corners_px: FloatArray
    stretch: float

    def at(self, x: FloatArray, y: FloatArray) -> FloatArray:
        """Return the (..., 2) photo pixels of places in cm; extrapolate beyond the grid."""
        rows, columns = self.corners_px.shape[:2]
        u, v = (x - self.low[0]) / self.step[0], (y - self.low[1]) / self.step[1]
        i = np.clip(np.floor(u).astype(int), 0, columns - 2)
        j = np.clip(np.floor(v).astype(int), 0, rows - 2)
        a, b = (u - i)[..., None], (v - j)[..., None]
        c = self.corners_px
        return np.asarray(
            (1 - a) * (1 - b) * c[j, i]
            + a * (1 - b) * c[j, i + 1]
            + (1 - a) * b * c[j + 1, i]
            + a * b * c[j + 1, i + 1]
        )


def solve_warp(
    outline_cm: FloatArray,
    pairs: Pairs,
    printed: Prints | None = None,
) -> Warp:
    """Fit a warp to pairs of places.

    Args:
        outline_cm: (n, 2) the part in the block; the grid covers it with a margin.
        pairs: places to fit.
        printed: placed prints; None without one.
    Returns:
        The least stiff warp that folds nowhere; if all fold, the affine map that fits the pairs best.
    """
    low, high = outline_cm.min(0) - 2.0, outline_cm.max(0) + 2.0
    cells = np.maximum(np.round((high - low) / (high - low).max() * _CELLS).astype(int), 4)
    step = (high - low) / cells
    grid = cells[::-1] + 1
    affine = _affine(pairs)
    px_per_cm = _print_sizes(low, step, grid, printed)
    stiff_cells = px_per_cm[..., 0] > 0
    for stiffer in _STIFFER:
        corners = _solve(low, step, grid, pairs, affine, px_per_cm, stiffer)
        if stiff_cells.any():  # how a print is turned is not known before
            corners = _solve(low, step, grid, pairs, affine, px_per_cm, stiffer, _directions(corners), printed)
        if _least_area(corners) > LEAST_AREA:
            break
    else:
        rows, columns = np.mgrid[: grid[0], : grid[1]]
        places = np.stack([low[0] + columns * step[0], low[1] + rows * step[1]], axis=-1)
        corners = places @ affine[:, :2].T + affine[:, 2]
    return Warp(low, step, corners, _stretch(corners, step, stiff_cells))


def _affine(pairs: Pairs) -> FloatArray:
    """Return the (2, 3) affine map that fits the pairs best, by weighted least squares."""
    source = np.array([pair[0] for pair in pairs])
    target = np.array([pair[1] for pair in pairs])
    weight = np.sqrt(np.array([pair[2] for pair in pairs]))[:, None]
    design = np.column_stack([source, np.ones(len(source))])
    found, *_ = np.linalg.lstsq(design * weight, target * weight, rcond=None)
    return np.asarray(found.T)


def _solve(
    low: FloatArray, step: FloatArray, grid: IntArray, pairs: Pairs,
    affine: FloatArray, px_per_cm: FloatArray, stiffer: float, directions: FloatArray | None = None,
    printed: Prints | None = None,
) -> FloatArray:  # fmt: skip
    rows, columns = int(grid[0]), int(grid[1])
    number = np.arange(rows * columns).reshape(rows, columns)
    count = rows * columns
    scale = np.sqrt(abs(np.linalg.det(affine[:, :2])))
    # a cell's way across, turned by a right angle, is its way up; the ratio is the photo's own where nothing is printed
    narrowed = float(np.linalg.norm(affine[:, 0]) / max(float(np.linalg.norm(affine[:, 1])), 1e-9))
    entries: list[tuple[IntArray, IntArray, FloatArray]] = []
    goals: list[FloatArray] = []
    total = 0

    def add(places: IntArray, values: FloatArray, goal: FloatArray) -> None:
        nonlocal total
        n = len(goal)
        entries.append((np.repeat(np.arange(total, total + n), places.shape[1]), places.ravel(), values.ravel()))
        goals.append(goal)
        total += n

    a, b, c = number[:-1, :-1].ravel(), number[:-1, 1:].ravel(), number[1:, :-1].ravel()
    across_px, up_px = px_per_cm.reshape(-1, 2).T
    stiff = across_px > 0
    ratio = step[1] / step[0] / np.where(stiff, across_px / np.maximum(up_px, 1e-9), narrowed)
    weight = stiffer * _SIMILAR * np.where(stiff, 31.0, 1.0) / scale / step[1]
    # up = turn(across) * ratio, and photos' y runs down: (ux, uy) = ratio * (ay, -ax)
    for own, other, sign in ((0, 1, 1.0), (1, 0, -1.0)):
        places = np.stack([c + own * count, a + own * count, b + other * count, a + other * count], axis=1)
        values = np.stack([weight, -weight, -sign * ratio * weight, sign * ratio * weight], axis=1)
        add(places, values, np.zeros(len(a)))
    if directions is not None:
        held, wide_px = weight[stiff], across_px[stiff, None] * step[0] * directions.reshape(-1, 2)[stiff]
        for axis in (0, 1):
            places = np.stack([a, b], axis=1)[stiff] + axis * count
            add(places, held[:, None] * (-1, 1), held * wide_px[:, axis])
    for first, middle, last, unit in (
        (number[:, :-2], number[:, 1:-1], number[:, 2:], step[0]),
        (number[:-2], number[1:-1], number[2:], step[1]),
    ):
        f, m, last_ = first.ravel(), middle.ravel(), last.ravel()
        w = np.full(len(f), stiffer * _SMOOTH / scale / unit)
        for axis in (0, 1):
            add(np.stack([f, m, last_], axis=1) + axis * count, np.stack([w, -2 * w, w], axis=1), np.zeros(len(f)))
    high = low + step * (columns - 1, rows - 1)
    for place, height in () if printed is None else printed.heights:
        if ((place >= low) & (place <= high)).all():
            pairs = [*pairs, (place, np.array([np.nan, height]), _HELD)]
    for place, target, importance in pairs:
        u, v = (np.asarray(place) - low) / step
        i, j = int(np.clip(np.floor(u), 0, columns - 2)), int(np.clip(np.floor(v), 0, rows - 2))
        p, q = u - i, v - j
        near = np.array([number[j, i], number[j, i + 1], number[j + 1, i], number[j + 1, i + 1]])
        w = _MEET * importance / scale
        values = w * np.array([(1 - p) * (1 - q), p * (1 - q), (1 - p) * q, p * q])
        for axis in (axis for axis in (0, 1) if np.isfinite(target[axis])):
            add(near[None] + axis * count, values[None], np.array([w * target[axis]]))
    row, column, value = (np.concatenate([entry[k] for entry in entries]) for k in range(3))
    matrix = sparse.csr_matrix((value, (row, column)), (total, 2 * count))
    goal = np.concatenate(goals)
    found = spsolve((matrix.T @ matrix + 1e-9 * sparse.eye(2 * count)).tocsc(), matrix.T @ goal)
    return np.asarray(np.stack([found[:count], found[count:]], axis=1).reshape(rows, columns, 2))


def _least_area(corners: FloatArray) -> float:
    """Return the smallest signed area of a half cell over the median one; negative where the map folds."""
    a, b, c, d = corners[:-1, :-1], corners[:-1, 1:], corners[1:, :-1], corners[1:, 1:]
    areas = np.concatenate([_cross(b - a, c - a).ravel(), _cross(d - c, d - b).ravel(),
                            _cross(b - a, d - b).ravel(), _cross(d - c, c - a).ravel()])  # fmt: skip
    areas = -areas  # the photo's y runs down
    middle = float(np.median(areas))
    return float(areas.min() / middle) if middle > 0 else -1.0


def _cross(first: FloatArray, second: FloatArray) -> FloatArray:
    return np.asarray(first[..., 0] * second[..., 1] - first[..., 1] * second[..., 0])


def _directions(corners: FloatArray) -> FloatArray:
    """Return the (rows - 1, columns - 1, 2) unit vectors across the cells of a map."""
    across = corners[:-1, 1:] - corners[:-1, :-1]
    return np.asarray(across / np.maximum(np.linalg.norm(across, axis=-1, keepdims=True), 1e-9))


def _print_sizes(low: FloatArray, step: FloatArray, grid: IntArray, printed: Prints | None) -> FloatArray:
    """Return the photo's pixels per cm in each cell of a placed print, (rows - 1, columns - 1, 2); 0 elsewhere."""
    found = np.zeros((int(grid[0]) - 1, int(grid[1]) - 1, 2))
    if printed is None:
        return found
    at = np.floor((printed.places - low) / step).astype(int)
    inside = (at >= 0).all(1) & (at[:, 0] < found.shape[1]) & (at[:, 1] < found.shape[0])
    found[at[inside, 1], at[inside, 0]] = printed.px_per_cm[inside]
    return np.asarray(cv2.dilate(found, np.ones((3, 3), np.uint8)))


def _stretch(corners: FloatArray, step: FloatArray, stiff_cells: BoolArray) -> float:
    across = np.linalg.norm(corners[:-1, 1:] - corners[:-1, :-1], axis=-1) / step[0]
    up = np.linalg.norm(corners[1:, :-1] - corners[:-1, :-1], axis=-1) / step[1]
    ratio = across / np.maximum(up, 1e-9)
    typical = 1.0 if stiff_cells.any() else float(np.median(ratio))
    chosen = ratio[stiff_cells] if stiff_cells.any() else ratio.ravel()
    return float(np.percentile(np.maximum(chosen / typical, typical / chosen), 95))


def sample(photo: ByteArray, places_px: FloatArray) -> ByteArray:
    """Return the photo's colours, (H, W, 3) uint8, at (H, W, 2) places, pixel centres at half-integers."""
    x, y = (np.ascontiguousarray(places_px[..., axis] - 0.5, np.float32) for axis in (0, 1))
    return np.asarray(cv2.remap(photo, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE))
