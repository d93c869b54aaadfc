"""A sewn garment lying flat: the position of every point of its pieces, seen from the front.

The pieces are meshed, joined at their seams, and laid on a plane so that every triangle keeps its shape as well as the
seams allow (as rigid as possible; Liu and others, "A Local/Global Approach to Mesh Parameterization", 2008). Front and
back lie on one another. Darts and gathers leave some strain in the lay. The plane only determines where cloth starts on
a body; the pieces keep their own lengths.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from scipy import sparse
from scipy.sparse.linalg import splu
from scipy.spatial import Delaunay, cKDTree

from vmodel.garment.sewing.errors import PieceInvalid
from vmodel.garment.sewing.panels import CutPanel, CutSeam
from vmodel.garment.sewing.pattern import length_of
from vmodel.types import BoolArray, FloatArray, IntArray

SPACING_CM: Final = 1.5
_ROUNDS: Final = 60
_STILL_CM: Final = 0.02


@dataclass(frozen=True, eq=False)
class Lay:
    """A garment of panels lying flat.

    Attributes:
        panel: (P,) index of each point's panel.
        points_cm: (P, 2) in the panel, back panels turned over.
        laid_cm: (P, 2) in the finished garment.
        joined: (P,) number of the point once seams are closed.
        triangles: (T, 3) indices of points, counter-clockwise seen from the front.
        edges: (panel index, edge name) -> indices of points along it.
    """

    panel: IntArray
    points_cm: FloatArray
    laid_cm: FloatArray
    joined: IntArray
    triangles: IntArray
    edges: Mapping[tuple[int, str], IntArray]

    def of_edge(self, panel: int, name: str) -> FloatArray:
        """Return the points (n, 2) of an edge in the finished garment."""
        return np.asarray(self.laid_cm[self.edges[panel, name]])


def lay_flat(
    panels: Sequence[CutPanel],
    seams: Sequence[CutSeam],
    places: Sequence[FloatArray | None],
    tilts_deg: Sequence[float],
    limbs: Sequence[bool],
) -> Lay:
    """Lay the panels on a plane, joined at their seams.

    Args:
        panels: back panels turned over.
        seams: one to one; both edges of a seam get the same points.
        places: (2, 3) affine from each panel to the plane where the pattern says so, else None.
        tilts_deg: counter-clockwise turn of each panel without a place.
        limbs: which panels go round an arm; those without a place are turned as their seams require.
    Raises:
        PieceInvalid: a panel is too narrow to be meshed, or hangs on nothing.
    """
    points, panel, triangles, edges = _meshed(panels, seams)
    index = {each.name: k for k, each in enumerate(panels)}
    ends = [((index[s.first[0]], s.first[1]), (index[s.second[0]], s.second[1])) for s in seams]
    pairs = [_paired(edges[a], edges[b], panels[a[0]].side == panels[b[0]].side) for a, b in ends]
    joined = _joined(len(points), pairs)
    placed = _placed(panels, points, panel, pairs, places, tilts_deg)
    free = [k for k, limb in enumerate(limbs) if limb and places[k] is None]
    starts = _turned_limbs(placed, panel, pairs, free)
    count = int(joined.max()) + 1
    weight = np.bincount(joined, minlength=count)
    first = np.stack([np.bincount(joined, starts[:, axis], count) / weight for axis in (0, 1)], axis=1)
    laid = _rigid(first, joined[triangles], points[triangles])
    return Lay(panel, points, laid[joined], joined, triangles, edges)


def _paired(first: IntArray, second: IntArray, same_side: bool) -> tuple[IntArray, IntArray]:
    """Pair the points that meet in a seam: on one side of the garment, edges run against each other."""
    return first, second[::-1] if same_side else second


def _meshed(
    panels: Sequence[CutPanel], seams: Sequence[CutSeam]
) -> tuple[FloatArray, IntArray, IntArray, dict[tuple[int, str], IntArray]]:
    counts = {
        (panel.name, name): max(1, round(length_of(line) / SPACING_CM))
        for panel in panels
        for name, line in panel.edges.items()
    }
    for seam in seams:
        counts[seam.first] = counts[seam.second] = max(counts[seam.first], counts[seam.second])
    points, owners, triangles = [], [], []
    edges: dict[tuple[int, str], IntArray] = {}
    total = 0
    for k, panel in enumerate(panels):
        lines = [_resampled(line, counts[panel.name, name] + 1) for name, line in panel.edges.items()]
        outline = np.concatenate([line[:-1] for line in lines])
        inner, own = _triangulated(panel.name, outline)
        at = 0
        for name, line in zip(panel.edges, lines, strict=True):
            edges[k, name] = total + (at + np.arange(len(line))) % len(outline)
            at += len(line) - 1
        points += [outline, inner]
        owners.append(np.full(len(outline) + len(inner), k))
        triangles.append(own + total)
        total += len(outline) + len(inner)
    return np.concatenate(points), np.concatenate(owners), np.concatenate(triangles), edges


def _resampled(line: FloatArray, count: int) -> FloatArray:
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
    wanted = np.linspace(0, along[-1], count)
    return np.stack([np.interp(wanted, along, line[:, axis]) for axis in (0, 1)], axis=1)


def _triangulated(name: str, outline: FloatArray) -> tuple[FloatArray, IntArray]:
    """Return inner points and triangles; indices count the outline first."""
    area = shapely.Polygon(outline)
    if not area.is_valid:
        area = shapely.make_valid(area)
    low_x, low_y, high_x, high_y = area.bounds
    rows = np.arange(low_y, high_y, SPACING_CM * np.sqrt(3) / 2)
    x, y = np.meshgrid(np.arange(low_x, high_x + SPACING_CM, SPACING_CM), rows)
    x = x + (np.arange(len(rows)) % 2)[:, None] * SPACING_CM / 2
    grid = np.stack([x.ravel(), y.ravel()], axis=1)
    grid = grid[shapely.contains_xy(area, grid[:, 0], grid[:, 1])]
    grid = grid[cKDTree(outline).query(grid)[0] > 0.6 * SPACING_CM] if len(grid) else grid
    points = np.concatenate([outline, grid])
    if len(outline) < 3:
        raise PieceInvalid(name, "is too small", "check the file's unit")
    found = Delaunay(points).simplices
    middles = points[found].mean(axis=1)
    corners = points[found]
    a, b = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    size = a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]
    found = np.where((size < 0)[:, None], found[:, ::-1], found)
    keep = shapely.contains_xy(area, middles[:, 0], middles[:, 1]) & (np.abs(size) > 1e-3)
    if not keep.any():
        raise PieceInvalid(name, "is too narrow", "check the file's unit")
    return grid, found[keep]


def _joined(count: int, pairs: Sequence[tuple[IntArray, IntArray]]) -> IntArray:
    from scipy.sparse.csgraph import connected_components

    first = np.concatenate([a for a, _ in pairs]) if pairs else np.zeros(0, int)
    second = np.concatenate([b for _, b in pairs]) if pairs else np.zeros(0, int)
    graph = sparse.coo_matrix((np.ones(len(first)), (first, second)), (count, count))
    return np.asarray(connected_components(graph, directed=False)[1])


def _placed(
    panels: Sequence[CutPanel],
    points: FloatArray,
    panel: IntArray,
    pairs: Sequence[tuple[IntArray, IntArray]],
    places: Sequence[FloatArray | None],
    tilts_deg: Sequence[float],
) -> FloatArray:
    """Place each panel as a whole: turned by its tilt, moved so that seams meet as well as possible."""
    placed = np.empty_like(points)
    for k, (place, tilt) in enumerate(zip(places, tilts_deg, strict=True)):
        own = panel == k
        turn = np.radians(tilt)
        affine = np.array([[np.cos(turn), -np.sin(turn), 0.0], [np.sin(turn), np.cos(turn), 0.0]])
        affine = affine if place is None else place
        placed[own] = points[own] @ affine[:, :2].T + affine[:, 2]
    count = len(panels)
    meeting = [(int(panel[a[0]]), int(panel[b[0]]), a, b) for a, b in pairs if panel[a[0]] != panel[b[0]]]
    matrix, right = np.zeros((len(meeting) + count, count)), np.zeros((len(meeting) + count, 2))
    for n, (one, two, a, b) in enumerate(meeting):
        weight = np.sqrt(len(a))
        matrix[n, one], matrix[n, two] = weight, -weight
        right[n] = weight * (placed[b] - placed[a]).mean(axis=0)
    matrix[len(meeting) :] = 1e-3 * np.eye(count)
    return placed + np.linalg.lstsq(matrix, right, rcond=None)[0][panel]


def _turned_limbs(
    placed: FloatArray, panel: IntArray, pairs: Sequence[tuple[IntArray, IntArray]], limbs: Sequence[int]
) -> FloatArray:
    """Turn and move sleeves, then cuffs, as whole panels so that their seams meet the panels already in place."""
    placed, waiting = placed.copy(), set(limbs)
    while waiting:
        meets: dict[int, list[tuple[IntArray, IntArray]]] = {}
        for a, b in pairs:
            for mine, other in ((a, b), (b, a)):
                if panel[mine[0]] in waiting and panel[other[0]] not in waiting:
                    meets.setdefault(int(panel[mine[0]]), []).append((mine, other))
        if not meets:
            break
        for k, ends in meets.items():
            mine, other = (np.concatenate([end[n] for end in ends]) for n in (0, 1))
            own = panel == k
            placed[own] = _fitted(placed[own], placed[mine], placed[other])
        waiting -= set(meets)
    return placed


def _fitted(points: FloatArray, mine: FloatArray, other: FloatArray) -> FloatArray:
    """Turn and move points so that some of them come to lie on others."""
    a, b = mine - mine.mean(axis=0), other - other.mean(axis=0)
    turn = np.arctan2((a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]).sum(), (a * b).sum())
    spin = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    return np.asarray((points - mine.mean(axis=0)) @ spin.T + other.mean(axis=0))


def _rigid(first: FloatArray, triangles: IntArray, corners: FloatArray) -> FloatArray:
    """Find positions in which every triangle is as nearly its own shape, turned, as the common points allow."""
    count = len(first)
    used: BoolArray = np.zeros(count, bool)
    used[triangles.ravel()] = True
    i, j = (
        np.concatenate([triangles[:, [a, b, c][n]] for a, b, c in ((0, 1, 2), (1, 2, 0), (2, 0, 1))]) for n in (0, 1)
    )
    rest = np.concatenate([corners[:, b] - corners[:, a] for a, b in ((0, 1), (1, 2), (2, 0))])
    weight = np.concatenate([_cotangent(corners, opposite) for opposite in (2, 0, 1)])
    weight = np.clip(weight, 0.05, 3.0)
    laplacian = sparse.coo_matrix(
        (np.concatenate([weight, weight, -weight, -weight]), (np.r_[i, j, i, j], np.r_[i, j, j, i])), (count, count)
    ).tocsc()
    solve = splu(laplacian + sparse.diags(np.where(used, 1e-7, 1.0)).tocsc()).solve
    owner = np.tile(np.arange(len(triangles)), 3)
    laid = first
    for _ in range(_ROUNDS):
        now = laid[j] - laid[i]
        turn = np.stack(
            [
                np.bincount(owner, weight * (rest * now).sum(axis=1), len(triangles)),
                np.bincount(owner, weight * (rest[:, 0] * now[:, 1] - rest[:, 1] * now[:, 0]), len(triangles)),
            ],
            axis=1,
        )
        turn = turn / np.maximum(np.linalg.norm(turn, axis=1, keepdims=True), 1e-12)
        cosine, sine = turn[owner, 0], turn[owner, 1]
        wanted = np.stack([cosine * rest[:, 0] - sine * rest[:, 1], sine * rest[:, 0] + cosine * rest[:, 1]], axis=1)
        pull = weight[:, None] * wanted
        right = np.stack(
            [np.bincount(j, pull[:, axis], count) - np.bincount(i, pull[:, axis], count) for axis in (0, 1)], axis=1
        )
        before, laid = laid, np.asarray(solve(right + 1e-7 * first))
        if np.abs(laid - before).max() < _STILL_CM:
            break
    return laid


def _cotangent(corners: FloatArray, at: int) -> FloatArray:
    a, b = (corners[:, (at + n) % 3] - corners[:, at] for n in (1, 2))
    cross = np.abs(a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0])
    return np.asarray((a * b).sum(axis=1) / np.maximum(cross, 1e-9))
