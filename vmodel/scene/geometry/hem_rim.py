"""Visible thickness of cloth at its openings: a rounded rim along hems, cuffs and necklines."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vmodel.scene.geometry.vectors import unit
from vmodel.types import BoolArray, FloatArray, IntArray

_THICKNESS_MM = {"silk": 0.7, "satin": 0.7, "chiffon": 0.6, "denim": 1.9, "knit": 2.6, "wool": 2.4, "coat-wool": 3.2}
_ORDINARY_MM = 1.3


@dataclass(frozen=True)
class HemRim:
    """Strip that closes the gap between the outside and the inside of folded cloth.

    Attributes:
        parent_vertex: (2m,) int32 cloth vertex that each rim vertex belongs to.
        vertices_m: (2m, 3) float32.
        normals: (2m, 3) float32, pointing away from the cloth, which rounds the edge.
        triangles: (2k, 3) int32 into the rim's own vertices.
        parent_triangle: (2k,) int32 cloth triangle whose texture continues on the rim.
        parent_corner: (2k, 3) int32 0..2, its corner for each corner of the rim's triangle.
    """

    parent_vertex: IntArray
    vertices_m: FloatArray
    normals: FloatArray
    triangles: IntArray
    parent_triangle: IntArray
    parent_corner: IntArray


def hem_rim(
    vertices_m: FloatArray, normals: FloatArray, triangles: IntArray, is_open: BoolArray, material: str
) -> HemRim:
    """Build the rim along the open edges of a cloth mesh.

    Args:
        vertices_m: (N, 3) cloth.
        normals: (N, 3) outward unit normals.
        triangles: (T, 3) counter-clockwise from outside.
        is_open: (N,) vertices on openings; borders between other vertices are seams and get no rim.
        material: decides the thickness.
    """
    thickness = np.float32(_THICKNESS_MM.get(material, _ORDINARY_MM) * 1e-3)
    triangle, corner, edge = _open_border(triangles, is_open)
    members, local = np.unique(edge, return_inverse=True)
    first, second = local.reshape(-1, 2).T
    along = vertices_m[edge[:, 1]] - vertices_m[edge[:, 0]]
    away = unit(np.cross(along, normals[edge[:, 0]] + normals[edge[:, 1]]))
    outward = np.zeros((len(members), 3), np.float32)
    np.add.at(outward, first, away)
    np.add.at(outward, second, away)
    outward = unit(outward)
    count = len(members)
    up = normals[members]
    # Top vertices repeat the cloth's own border; bottom vertices lie on the inside of the fold.
    quads = np.stack([second, first, first + count, second, first + count, second + count], axis=1)
    after = (corner + 1) % 3
    corners = np.stack([after, corner, corner, after, corner, after], axis=1)
    return HemRim(
        parent_vertex=np.concatenate([members, members]).astype(np.int32),
        vertices_m=np.concatenate([vertices_m[members], vertices_m[members] - thickness * up]).astype(np.float32),
        normals=np.concatenate([unit(outward + 0.6 * up), unit(outward - 0.6 * up)]).astype(np.float32),
        triangles=quads.reshape(-1, 3).astype(np.int32),
        parent_triangle=np.repeat(triangle, 2).astype(np.int32),
        parent_corner=corners.reshape(-1, 3).astype(np.int32),
    )


def _open_border(triangles: IntArray, is_open: BoolArray) -> tuple[IntArray, IntArray, IntArray]:
    """Return border edges at openings: triangle (k,), its corner where the edge starts (k,), and the edge (k, 2)."""
    start, end = triangles.reshape(-1).astype(np.int64), np.roll(triangles, -1, axis=1).reshape(-1).astype(np.int64)
    index = np.flatnonzero(is_open[start] & is_open[end])
    start, end, size = start[index], end[index], len(is_open) + 1
    border = ~np.isin(start * size + end, end * size + start)
    triangle, corner = np.divmod(index[border], 3)
    return triangle, corner, np.stack([start[border], end[border]], axis=1)
