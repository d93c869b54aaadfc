"""Cloth of a sewing pattern: lengths come from the pieces, the start from the finished garment lying flat.

Pieces are welded along their seams before anything moves, so that no seam can gape. A dart's legs are one line from the
start; a gathered edge is squeezed onto the shorter one and swells into folds as soon as the cloth moves.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import shapely
from scipy.spatial import Delaunay, cKDTree

from vmodel.body.mesh.subdivision import loop_subdivide, vertex_normals
from vmodel.body.model.body import Body
from vmodel.drape.cloth.bands import with_bands
from vmodel.drape.cloth.mesh import Cloth, mesh_garment
from vmodel.drape.cloth.smoothing import smooth_jags, spread
from vmodel.drape.placement.initial_state import ROOM_M, Start, place_cloth
from vmodel.drape.solver.cloth_solver import Phase, Solver
from vmodel.garment.sizing.measure import is_sewn
from vmodel.types import FloatArray, Garment, Panel, PosedBody

_ON_FOLD = 0.99
TAKE_IN_FRAMES = 20
_LEAST_SET, MOST_SET = 0.88, 1.06
"""Least and largest length that a link of a piece is set to while it is taken in, as a share of its length."""
_SEAM_ROUNDS, _SEAM_SHARE = 8, 0.5
_BORDER_CM, _NO_AREA_CM2 = 1e-6, 1e-9
_NEAR_ROUNDS = 30
"""Rings of neighbours over which an area is judged."""


def mesh_cloth(garment: Garment, spacing_cm: float) -> Cloth:
    """Cut any garment into particles; see ``mesh_garment``.

    The cloth of a sewing pattern has lengths and directions of its pieces, and ``flat_cm`` in the plane of the finished
    garment.

    Raises:
        DrapeFailed: a panel is too small or its outline crosses itself.
    """
    if not is_sewn(garment):
        return with_bands(mesh_garment(garment, spacing_cm), garment)
    # No crotch landmark: a real pattern's crotch has its full length, while a flat-lay hides some of it.
    cloth = with_bands(mesh_garment(replace(garment, landmarks_cm={}), spacing_cm), garment)
    laid = np.zeros_like(cloth.flat_cm)
    for k, panel in enumerate(garment.panels):
        own = cloth.particle_panel == k
        laid[own] = _laid(panel, cloth.flat_cm[own])
    materials = (
        tuple(garment.texture_materials[panel.texture] for panel in garment.panels) if garment.texture_materials else ()
    )
    return replace(
        cloth,
        flat_cm=laid,
        panel_materials=materials,
        edge_rest_m=_seam_lengths(garment, cloth),
        seam_lines=tuple(cloth.edge_particles[seam.first] for seam in garment.seams),
    )


def _seam_lengths(garment: Garment, cloth: Cloth) -> FloatArray:
    """Return (E,) rest lengths in which a seam is as long as its shorter side: the longer one is drawn in."""
    rest = cloth.edge_rest_m.copy()
    index = {(int(a), int(b)): k for k, (a, b) in enumerate(cloth.edges)}
    lines = {(panel.name, name): line for panel in garment.panels for name, line in panel.edges.items()}
    for seam in garment.seams:
        ids = cloth.edge_particles[seam.first]
        shorter = min(
            float(np.linalg.norm(np.diff(lines[end], axis=0), axis=1).sum()) for end in (seam.first, seam.second)
        )
        for a, b in pairwise(ids.tolist()):
            k = index.get((min(a, b), max(a, b)))
            if k is not None:
                rest[k] = shorter / (len(ids) - 1) / 100
    return np.asarray(np.maximum(rest, 1e-4))


def _laid(panel: Panel, points_cm: FloatArray) -> FloatArray:
    """Return the (n, 2) positions of a panel's points in the finished garment."""
    if panel.laid is None or not len(points_cm):
        return points_cm
    known, there = panel.laid
    triangles = Delaunay(known).simplices
    corners = known[triangles]
    base, first, second = corners[:, 0], corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    twice = first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0]
    broad = np.abs(twice) > _NO_AREA_CM2
    triangles, base, first, second, twice = (each[broad] for each in (triangles, base, first, second, twice))
    # By hand: scipy's own search inverts every triangle with LAPACK, on all cores, for half a second a dress.
    tree = shapely.STRtree(shapely.polygons(corners[broad]))
    points = shapely.points(points_cm)
    at, found = tree.query(points, predicate="dwithin", distance=_BORDER_CM)
    off = points_cm[at] - base[found]
    to_first = (off[:, 0] * second[found, 1] - off[:, 1] * second[found, 0]) / twice[found]
    to_second = (off[:, 1] * first[found, 0] - off[:, 0] * first[found, 1]) / twice[found]
    shares = np.stack([1 - to_first - to_second, to_first, to_second], axis=1)
    laid = np.array(there[cKDTree(known).query(points_cm)[1]], float)  # default for points outside all triangles
    laid[at] = np.einsum("pk,pkd->pd", shares, there[triangles[found]])
    return laid


def place_any(cloth: Cloth, garment: Garment, body: Body, posed: PosedBody, room_m: float = ROOM_M) -> Start:
    """Return the first positions of all particles; see ``place_cloth``.

    Front and back of a sewn garment part at its silhouette, not at every seam.
    """
    if is_sewn(garment):
        cloth = replace(cloth, seam_distance_cm=fold_distances(cloth))
    return place_cloth(cloth, garment, body, posed, room_m)


def restore_cut_size(solver: Solver, cloth: Cloth, phase: Phase, rounds: int, most: float = MOST_SET) -> None:
    """Let pieces regain their size: where cloth is wider than it was cut its links are set shorter, and the reverse.

    Woven cloth hardly gives, but a link of the solver does: along a gathered seam, whose folds push, and where
    shoulders carry the weight; and smoothing the finished cloth costs it a hundredth. After each round the set lengths
    change by what the area round them is off, as a multiplier would.

    Args:
        solver: the cloth at rest; keeps the set lengths.
        cloth: as cut.
        phase: how it moves meanwhile.
        rounds: number of rounds; five bring pieces to within a hundredth of their size.
        most: largest set length of a link, as a share of its own; at 1 squeezed cloth stays small.
    """
    cut = _areas(np.pad(cloth.panel_cm, ((0, 0), (0, 0), (0, 1))))
    first, second = cloth.edges[:, 0], cloth.edges[:, 1]
    share = np.ones(cloth.count)
    for _ in range(rounds):
        worn = _areas(100 * smooth_jags(cloth, solver.positions_m)[cloth.triangles])
        around = [spread(cloth, _round_particles(cloth, area), _NEAR_ROUNDS) for area in (worn, cut)]
        share = np.clip(share * np.clip(around[1] / around[0], 0.94, 1.06), _LEAST_SET, most)
        set_m = cloth.edge_rest_m * (share[first] + share[second]) / 2
        solver.set_rest_lengths(replace(cloth, edge_rest_m=set_m))
        solver.settle(TAKE_IN_FRAMES, phase)


def straight_seams(cloth: Cloth, positions_m: FloatArray) -> FloatArray:
    """Return (N, 3) positions in which seams do not zigzag from particle to particle.

    Both sides of a seam pull at each of its particles a little differently, which shows where the colour changes. Where
    the surface is refined for the picture, uneven triangles beside a seam pull at it once more. Particles with one
    neighbour on either side along seams move along the cloth until they lie between the two on the finer surface.
    Crossings and ends of seams stay where they are.
    """
    if not cloth.seam_lines:
        return positions_m
    steps = np.concatenate([np.stack([line[:-1], line[1:]], axis=1) for line in cloth.seam_lines])
    steps = np.unique(np.sort(steps, axis=1), axis=0)
    both = np.concatenate([steps, steps[:, ::-1]])
    both = both[np.argsort(both[:, 0], kind="stable")]
    inner = np.flatnonzero(np.bincount(both[:, 0], minlength=cloth.count) == 2)
    beside = both[np.isin(both[:, 0], inner), 1].reshape(-1, 2)
    found = np.array(positions_m, np.float64)
    normals = vertex_normals(found, cloth.triangles)[inner]
    finer = loop_subdivide(cloth.triangles, cloth.count, 1).matrix[: cloth.count]
    for _ in range(_SEAM_ROUNDS):
        seen = finer @ found
        move = _SEAM_SHARE * (seen[beside].mean(axis=1) - seen[inner])
        found[inner] += move - (move * normals).sum(axis=1, keepdims=True) * normals
    return found


def _areas(corners: FloatArray) -> FloatArray:
    """Return the (T,) area of each (3, 3) triangle."""
    across = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    return np.asarray(np.linalg.norm(across, axis=1) / 2)


def _round_particles(cloth: Cloth, area: FloatArray) -> FloatArray:
    """Return the (N,) area of the triangles at each particle."""
    total = np.zeros(cloth.count)
    np.add.at(total, cloth.triangles, area[:, None])
    return total


def fold_distances(cloth: Cloth) -> FloatArray:
    """Return (N,) cm of each particle, lying flat, from where front and back meet."""
    fold = np.abs(cloth.front) < _ON_FOLD
    if not fold.any():
        return np.full(cloth.count, 1e3)
    return np.asarray(cKDTree(cloth.flat_cm[fold]).query(cloth.flat_cm)[0])
