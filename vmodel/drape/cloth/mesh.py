"""Meshing of panels: each panel becomes a triangle mesh, and sewn edges share their particles."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import shapely
from scipy.spatial import Delaunay, cKDTree

from vmodel.errors import DrapeFailed
from vmodel.types import BoolArray, ByteArray, FloatArray, Garment, IntArray, Panel

CROTCH_EASE = 0.45
CROTCH_REACH = 0.22
"""Extra length at the crotch, and how far it is spread, as a share of the rise."""

EdgeKey = tuple[str, str]
"""(panel name, edge name)."""


@dataclass(frozen=True, eq=False)
class Cloth:
    """A garment cut into particles and triangles; seams are already closed (shared particles).

    Attributes:
        panel_cm: (T, 3, 2) float64, panel position of every triangle corner.
        triangles: (T, 3) int32 particle indices, counter-clockwise seen from outside the body.
        triangle_panel: (T,) uint8 index into ``Garment.panels``.
        flat_cm: (N, 2) float64, a panel position of each particle (the first panel's where several meet).
        particle_panel: (N,) int32, the panel that ``flat_cm`` refers to.
        front: (N,) float64, -1 on front panels, +1 on back panels, 0 where front meets back.
        edges: (E, 2) int32 and edge_rest_m (E,) float64.
        edge_direction: (E, 2) float64 unit vectors in the panel.
        elastic: (E,) bool, edges of declared elastic parts.
        bends: (B, 2) int32, particles opposite to each other across an edge, and bend_rest_m (B,) float64.
        edge_particles: (panel, edge) -> particle indices along the edge.
        open_edges: (O, 2) int32.
        seam_distance_cm: (N,) float64, distance in the panel to the nearest seam.
        spacing_cm: distance of neighbouring particles.
        panel_materials: material of each panel where they differ, else empty.
        seam_lines: particles along each seam that shows as a line of its own; see ``straight_seams``.
    """

    panel_cm: FloatArray
    triangles: IntArray
    triangle_panel: ByteArray
    flat_cm: FloatArray
    particle_panel: IntArray
    front: FloatArray
    edges: IntArray
    edge_rest_m: FloatArray
    edge_direction: FloatArray
    elastic: BoolArray
    bends: IntArray
    bend_rest_m: FloatArray
    edge_particles: Mapping[EdgeKey, IntArray]
    open_edges: IntArray
    seam_distance_cm: FloatArray
    spacing_cm: float
    panel_materials: tuple[str, ...] = ()
    seam_lines: tuple[IntArray, ...] = ()

    @property
    def count(self) -> int:
        """Number of particles."""
        return len(self.flat_cm)

    @property
    def rim(self) -> BoolArray:
        """(N,) True for particles on an open edge."""
        found = np.zeros(self.count, bool)
        found[self.open_edges.ravel()] = True
        return found


@dataclass(frozen=True, eq=False)
class _PanelMesh:
    points_cm: FloatArray
    triangles: IntArray
    edge_points: dict[str, IntArray]


def mesh_garment(garment: Garment, spacing_cm: float) -> Cloth:
    """Cut a garment into particles about ``spacing_cm`` apart.

    Args:
        garment: panels in cm.
        spacing_cm: distance of neighbouring particles.
    Raises:
        DrapeFailed: a panel is too small or its outline crosses itself.
    """
    samples = _sample_edges(garment, spacing_cm)
    meshes = [_mesh_panel(panel, samples, spacing_cm) for panel in garment.panels]
    starts = np.cumsum([0] + [len(mesh.points_cm) for mesh in meshes])
    edge_raw = {
        (panel.name, name): ids + starts[k]
        for k, (panel, mesh) in enumerate(zip(garment.panels, meshes, strict=True))
        for name, ids in mesh.edge_points.items()
    }
    merged = _weld(garment, edge_raw, int(starts[-1]))
    raw_triangles = np.concatenate([_outward(m, p) + starts[k] for k, (m, p) in enumerate(_pairs(meshes, garment))])
    points = np.concatenate([mesh.points_cm for mesh in meshes])
    panel_of = np.concatenate([np.full(len(m.points_cm), k) for k, m in enumerate(meshes)])
    tri_panel = panel_of[raw_triangles[:, 0]]
    triangles = merged[raw_triangles]
    count = int(merged.max()) + 1
    first = np.full(count, -1)
    first[merged[::-1]] = np.arange(len(points))[::-1]
    sides = np.array([-1.0 if panel.side == "front" else 1.0 for panel in garment.panels])
    total = np.bincount(merged, sides[panel_of], count) / np.bincount(merged, minlength=count)
    edges, rest, direction = _edges_of(triangles, points[raw_triangles])
    bends, bend_rest = _bends_of(triangles, points[raw_triangles])
    edge_particles = {key: merged[ids] for key, ids in edge_raw.items()}
    elastic, rest = _relax_elastic(garment, edge_particles, edges, rest)
    rest, eased = _ease_crotch(garment, points[raw_triangles], triangles, edges, rest, direction)
    sewn = {key for seam in garment.seams for key in (seam.first, seam.second)}
    open_edges = _open_edges(triangles)
    return Cloth(
        panel_cm=points[raw_triangles],
        triangles=triangles.astype(np.int32),
        triangle_panel=tri_panel.astype(np.uint8),
        flat_cm=points[first],
        particle_panel=panel_of[first],
        front=total,
        edges=edges,
        edge_rest_m=rest,
        edge_direction=direction,
        elastic=elastic | eased,
        bends=bends,
        bend_rest_m=bend_rest,
        edge_particles=edge_particles,
        open_edges=open_edges,
        seam_distance_cm=_seam_distances(garment, sewn, points[first], panel_of[first]),
        spacing_cm=spacing_cm,
    )


def _pairs(meshes: list[_PanelMesh], garment: Garment) -> list[tuple[_PanelMesh, Panel]]:
    return list(zip(meshes, garment.panels, strict=True))


def _outward(mesh: _PanelMesh, panel: Panel) -> IntArray:
    """Flip the triangles of back panels, because panel space is seen from the front."""
    return mesh.triangles if panel.side == "front" else mesh.triangles[:, ::-1]


def _sample_edges(garment: Garment, spacing_cm: float) -> dict[EdgeKey, FloatArray]:
    """Resample all edges; two edges of a seam get the same number of points."""
    edges = {
        (panel.name, name): np.asarray(pts, float) for panel in garment.panels for name, pts in panel.edges.items()
    }
    counts = {key: max(1, round(_length(points) / spacing_cm)) for key, points in edges.items()}
    for _ in range(3):  # an edge may be sewn to several others
        for seam in garment.seams:
            shared = max(counts[seam.first], counts[seam.second])
            counts[seam.first] = counts[seam.second] = shared
    return {key: _resample(points, counts[key] + 1) for key, points in edges.items()}


def _length(points: FloatArray) -> float:
    return float(np.linalg.norm(np.diff(points, axis=0), axis=1).sum())


def _resample(points: FloatArray, count: int) -> FloatArray:
    steps = np.linalg.norm(np.diff(points, axis=0), axis=1)
    along = np.concatenate([[0.0], np.cumsum(steps)])
    wanted = np.linspace(0.0, along[-1], count)
    return np.stack([np.interp(wanted, along, points[:, axis]) for axis in (0, 1)], axis=1)


def _mesh_panel(panel: Panel, samples: Mapping[EdgeKey, FloatArray], spacing_cm: float) -> _PanelMesh:
    """Triangulate the sampled outline, the holes and a hexagonal grid inside (Delaunay)."""
    loop = [samples[panel.name, name] for name in panel.edges]
    outline = np.concatenate([points[:-1] for points in loop])
    holes = [
        _resample(np.vstack([h, h[:1]]), max(4, round(_length(np.vstack([h, h[:1]])) / spacing_cm)) + 1)[:-1]
        for h in panel.holes
    ]
    area = _valid(shapely.Polygon(outline, holes))
    if len(outline) < 6 or area.area < 4 * spacing_cm**2:
        raise DrapeFailed(f"its {panel.name} panel is too small")
    border = np.concatenate([outline, *holes])
    inner = _hexagonal(area, border, spacing_cm)
    # A slit between sleeve and side is narrower than the spacing and Delaunay would bridge it: the triangles are found
    # with the border drawn in by a third of the spacing and belong to the true border.
    drawn = [_drawn_in(loop, spacing_cm / 3) for loop in (outline, *holes)]
    drawn_area = _valid(shapely.Polygon(drawn[0], drawn[1:]))
    triangles = Delaunay(np.concatenate([*drawn, inner])).simplices
    points = np.concatenate([border, inner])
    centres = np.concatenate([*drawn, inner])[triangles].mean(axis=1)
    inside = shapely.contains_xy(drawn_area, centres[:, 0], centres[:, 1])
    triangles = triangles[inside & (_areas(points[triangles]) > 1e-3 * spacing_cm**2)]
    triangles = _counter_clockwise(triangles, points)  # drawing in swaps the two sides of a thin strap
    triangles = _closed(triangles, points, [len(part) for part in (outline, *holes)])
    points, triangles, renumbered = _drop_unused(points, triangles, len(border))
    at, edge_points = 0, {}
    for name, pts in zip(panel.edges, loop, strict=True):
        ids = (at + np.arange(len(pts))) % len(outline)
        edge_points[name] = renumbered[ids]
        at += len(pts) - 1
    return _PanelMesh(points, triangles, edge_points)


def _valid(area: shapely.Geometry) -> shapely.Geometry:
    return area if area.is_valid else shapely.make_valid(area)


def _drawn_in(loop: FloatArray, by_cm: float) -> FloatArray:
    """Move a loop's points inwards: left of its direction, for counter-clockwise outlines and clockwise holes."""
    along = np.roll(loop, -1, axis=0) - np.roll(loop, 1, axis=0)
    along = along / np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-9)
    return loop + by_cm * np.stack([-along[:, 1], along[:, 0]], axis=1)


def _closed(triangles: IntArray, points: FloatArray, loops: list[int]) -> IntArray:
    """Add triangles on borders that have none: at a dart's narrow tip Delaunay's lines may pass by the border.

    Args:
        triangles: (T, 3) of a panel.
        points: (P, 2) of the panel, those of its border loops first.
        loops: number of points of each loop.
    """
    starts = np.cumsum([0, *loops])
    border = [(s + i, s + (i + 1) % n) for s, n in zip(starts, loops, strict=False) for i in range(n)]
    sides = np.sort(np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]]), axis=1)
    unique, counts = np.unique(sides, axis=0, return_counts=True)
    known = {(int(a), int(b)) for a, b in unique}
    single = {(int(a), int(b)) for a, b in unique[counts == 1]} - {(min(pair), max(pair)) for pair in border}
    at = defaultdict[int, set[int]](set)
    for a, b in single:
        at[a].add(b)
        at[b].add(a)
    found = [
        (a, b, p)
        for a, b in border
        if (min(a, b), max(a, b)) not in known
        for p in at[a] & at[b]
        if _is_left(points[p] - points[a], points[b] - points[a])
    ]
    return np.concatenate([triangles, np.array(found, triangles.dtype).reshape(-1, 3)])


def _counter_clockwise(triangles: IntArray, points: FloatArray) -> IntArray:
    a, b, c = (points[triangles[:, k]] for k in range(3))
    turned = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) < (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0])
    return np.where(turned[:, None], triangles[:, ::-1], triangles)


def _is_left(way: FloatArray, of: FloatArray) -> bool:
    return bool(of[0] * way[1] - of[1] * way[0] > 0)


def _drop_unused(points: FloatArray, triangles: IntArray, border: int) -> tuple[FloatArray, IntArray, IntArray]:
    """Drop inner points that no triangle uses; border points stay, since seams refer to them."""
    used = np.zeros(len(points), bool)
    used[triangles.ravel()] = True
    used[:border] = True
    renumbered = np.cumsum(used) - 1
    return points[used], renumbered[triangles], renumbered


def _hexagonal(area: shapely.Geometry, border: FloatArray, spacing_cm: float) -> FloatArray:
    low_x, low_y, high_x, high_y = area.bounds
    rows = np.arange(low_y, high_y, spacing_cm * np.sqrt(3) / 2)
    columns = np.arange(low_x, high_x + spacing_cm, spacing_cm)
    x, y = np.meshgrid(columns, rows)
    x = x + (np.arange(len(rows)) % 2)[:, None] * spacing_cm / 2
    grid = np.stack([x.ravel(), y.ravel()], axis=1)
    grid = grid[shapely.contains_xy(area, grid[:, 0], grid[:, 1])]
    return np.asarray(grid[cKDTree(border).query(grid)[0] > 0.62 * spacing_cm])


def _areas(corners: FloatArray) -> FloatArray:
    a, b = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    return np.abs(a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]) / 2


def _weld(garment: Garment, edge_raw: Mapping[EdgeKey, IntArray], count: int) -> IntArray:
    """Return the (count,) new index of each panel point after joining the points along seams."""
    parent = np.arange(count)

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = int(parent[i])
        return i

    for seam in garment.seams:
        first, second = edge_raw[seam.first], edge_raw[seam.second]
        for a, b in zip(first, second[::-1] if seam.reverse else second, strict=True):
            low, high = sorted((root(int(a)), root(int(b))))
            parent[high] = low
    roots = np.array([root(i) for i in range(count)])
    _, merged = np.unique(roots, return_inverse=True)
    return merged


def _edges_of(triangles: IntArray, corners: FloatArray) -> tuple[IntArray, FloatArray, FloatArray]:
    """Return unique edges, mean rest length in metres, and direction in the panel."""
    pairs = np.concatenate([triangles[:, [i, j]] for i, j in ((0, 1), (1, 2), (2, 0))])
    along = np.concatenate([corners[:, j] - corners[:, i] for i, j in ((0, 1), (1, 2), (2, 0))])
    edges, first, inverse = np.unique(np.sort(pairs, axis=1), axis=0, return_index=True, return_inverse=True)
    lengths = np.linalg.norm(along, axis=1)
    inverse = inverse.ravel()
    rest = np.bincount(inverse, lengths) / np.bincount(inverse) / 100
    direction = along[first] / np.maximum(lengths[first], 1e-9)[:, None]
    keep = edges[:, 0] != edges[:, 1]
    return edges[keep].astype(np.int32), np.maximum(rest[keep], 1e-4), direction[keep]


def _bends_of(triangles: IntArray, corners: FloatArray) -> tuple[IntArray, FloatArray]:
    """Return pairs of particles opposite each other across an inner edge, and their distance when laid flat."""
    sides = np.sort(np.stack([triangles, np.roll(triangles, -1, axis=1)], axis=2).reshape(-1, 2), axis=1)
    start = sides[:, 0].astype(np.int64)
    _, first, owner, counts = np.unique(
        start * (int(triangles.max()) + 1) + sides[:, 1], return_index=True, return_inverse=True, return_counts=True
    )
    by_owner, at = np.argsort(owner, kind="stable"), np.cumsum(counts) - counts
    shared = np.flatnonzero(counts == 2)
    shared = at[shared[np.argsort(first[shared])]]
    halves = by_owner[shared], by_owner[shared + 1]
    tips = [triangles.ravel()[_opposite(half)] for half in halves]
    (u1, v1), (u2, v2) = (_unfolded(triangles, corners, half, start[halves[0]]) for half in halves)
    apart = tips[0] != tips[1]
    return np.stack(tips, axis=1)[apart].astype(np.int32), np.hypot(u1 - u2, v1 + v2)[apart] / 100


def _opposite(half: IntArray) -> IntArray:
    """Return the corner opposite each side, counted over all triangles."""
    return half // 3 * 3 + (half + 2) % 3


def _unfolded(
    triangles: IntArray, corners: FloatArray, half: IntArray, start: IntArray
) -> tuple[FloatArray, FloatArray]:
    """Locate the corner opposite a side: along the side from its ``start``, and away from it."""
    triangle, tip = half // 3, (half + 2) % 3
    at = np.argmax(triangles[triangle] == start[:, None], axis=1)
    along = corners[triangle, 3 - at - tip] - corners[triangle, at]
    along = along / np.maximum(np.hypot(along[:, 0], along[:, 1]), 1e-9)[:, None]
    away = corners[triangle, tip] - corners[triangle, at]
    return (away * along).sum(axis=1), np.abs(away[:, 0] * along[:, 1] - away[:, 1] * along[:, 0])


def _relax_elastic(
    garment: Garment, edge_particles: Mapping[EdgeKey, IntArray], edges: IntArray, rest: FloatArray
) -> tuple[BoolArray, FloatArray]:
    """Shorten edges that elastic gathers."""
    elastic, rest = np.zeros(len(edges), bool), rest.copy()
    index = {(int(a), int(b)): k for k, (a, b) in enumerate(edges)}
    for panel in garment.panels:
        for name, share in panel.elastic.items():
            ids = edge_particles[panel.name, name]
            for a, b in pairwise(ids):
                k = index.get((min(int(a), int(b)), max(int(a), int(b))))
                if k is not None and not elastic[k]:
                    elastic[k] = True
                    rest[k] *= share
    return elastic, rest


def _ease_crotch(
    garment: Garment, corners: FloatArray, triangles: IntArray, edges: IntArray, rest: FloatArray, direction: FloatArray
) -> tuple[FloatArray, BoolArray]:
    """Lengthen the cloth at the crotch.

    The crotch curve of trousers runs from front to back between the legs and lies folded away in a flat-lay; its
    length is given back to the visible cloth around the crotch point, along the threads that run up and down.
    """
    if "crotch" not in garment.landmarks_cm:
        return rest, np.zeros(len(edges), bool)
    crotch = np.asarray(garment.landmarks_cm["crotch"], float)
    flat = np.zeros((int(triangles.max()) + 1, 2))
    flat[triangles.ravel()] = corners.reshape(-1, 2)
    rise = max(float(corners[..., 1].max()) - float(crotch[1]), 1.0)
    away = np.linalg.norm(flat[edges].mean(axis=1) - crotch, axis=1) / (CROTCH_REACH * rise)
    ease = CROTCH_EASE * np.exp(-(away**2)) * direction[:, 1] ** 2
    return rest * (1 + ease), np.asarray(ease > 0.02)


def _open_edges(triangles: IntArray) -> IntArray:
    pairs = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    _, first, counts = np.unique(np.sort(pairs, axis=1), axis=0, return_index=True, return_counts=True)
    return np.asarray(pairs[first[counts == 1]], np.int32)


def _seam_distances(garment: Garment, sewn: set[EdgeKey], flat: FloatArray, panel_of: IntArray) -> FloatArray:
    distances = np.full(len(flat), 1e3)
    for k, panel in enumerate(garment.panels):
        points = [_resample(np.asarray(panel.edges[e], float), 200) for p, e in sewn if p == panel.name]
        on = panel_of == k
        if points and on.any():
            distances[on] = cKDTree(np.concatenate(points)).query(flat[on])[0]
    return distances
