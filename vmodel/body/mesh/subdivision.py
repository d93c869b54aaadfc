"""Loop subdivision as a matrix, so that positions and anything stored per vertex refine alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from vmodel.types import FloatArray, IntArray


@dataclass(frozen=True)
class Refinement:
    """Refinement of one mesh.

    Attributes:
        matrix: (N_fine, N_coarse) sparse; fine = matrix @ coarse for positions and vertex attributes.
        triangles: (T * 4**levels, 3) int32; the children of triangle t are t * 4**levels and following.
        levels: how often each triangle was split in four.
    """

    matrix: Any
    triangles: IntArray
    levels: int

    def vertices(self, attribute: FloatArray) -> FloatArray:
        """Refine a (N,) or (N, k) vertex attribute; float32."""
        return np.asarray(self.matrix @ attribute, np.float32)

    def corners(self, attribute: FloatArray) -> FloatArray:
        """Refine a (T, 3, k) attribute of triangle corners linearly, which keeps its seams sharp."""
        fine = np.asarray(attribute, np.float32)
        for _ in range(self.levels):
            a, b, c = fine[:, 0], fine[:, 1], fine[:, 2]
            ab, bc, ca = 0.5 * (a + b), 0.5 * (b + c), 0.5 * (c + a)
            children = [(a, ab, ca), (b, bc, ab), (c, ca, bc), (ab, bc, ca)]
            fine = np.stack([np.stack(child, axis=1) for child in children], axis=1).reshape(-1, 3, fine.shape[2])
        return fine

    def faces(self, attribute: Any) -> Any:
        """Repeat a (T, ...) attribute of triangles for their children."""
        return np.repeat(attribute, 4**self.levels, axis=0)


def loop_subdivide(triangles: IntArray, vertex_count: int, levels: int) -> Refinement:
    """Refine a mesh by Loop subdivision with Warren's weights; open edges follow the boundary curve.

    Args:
        triangles: (T, 3) int.
        vertex_count: N of the coarse mesh.
        levels: 0 leaves the mesh as it is.
    Source:
        C. Loop, "Smooth subdivision surfaces based on triangles", 1987; J. Warren's simpler vertex weights.
    """
    matrix = sparse.identity(vertex_count, dtype=np.float32, format="csr")
    fine: IntArray = np.asarray(triangles, np.int32)
    for _ in range(levels):
        step, fine = _split(fine, matrix.shape[0])
        matrix = step @ matrix
    return Refinement(matrix, fine, levels)


def _split(triangles: IntArray, count: int) -> tuple[Any, IntArray]:
    corners = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    opposite = np.concatenate([triangles[:, 2], triangles[:, 0], triangles[:, 1]])
    low, high = corners.min(axis=1).astype(np.int64), corners.max(axis=1)
    keys, edge_of_corner, uses = np.unique(low * count + high, return_inverse=True, return_counts=True)
    edges = np.stack([keys // count, keys % count], axis=1)
    # An edge of three or more triangles has no smooth rule; it is kept as a crease like a boundary.
    inner = uses == 2
    step = sparse.vstack(
        [_vertex_rule(edges, inner, count), _edge_rule(edges, inner, edge_of_corner, opposite, count)], format="csr"
    ).astype(np.float32)
    middle = (count + edge_of_corner.reshape(3, -1)).astype(np.int32)
    (a, b, c), (ab, bc, ca) = triangles.T, middle
    children = [(a, ab, ca), (b, bc, ab), (c, ca, bc), (ab, bc, ca)]
    fine = np.stack([np.stack(child, axis=1) for child in children], axis=1).reshape(-1, 3)
    return step, fine.astype(np.int32)


def _edge_rule(edges: IntArray, inner: Any, edge_of_corner: IntArray, opposite: IntArray, count: int) -> Any:
    index = np.arange(len(edges))
    along = np.where(inner, 3 / 8, 1 / 2)
    across = inner[edge_of_corner]
    rows = np.concatenate([index, index, edge_of_corner[across]])
    columns = np.concatenate([edges[:, 0], edges[:, 1], opposite[across]])
    values = np.concatenate([along, along, np.full(int(across.sum()), 1 / 8)])
    return sparse.csr_matrix((values, (rows, columns)), (len(edges), count))


def _vertex_rule(edges: IntArray, inner: Any, count: int) -> Any:
    both_ways = np.concatenate([edges, edges[:, ::-1]])
    is_inner = np.concatenate([inner, inner])
    borders = np.bincount(both_ways[~is_inner, 0], minlength=count)
    valence = np.bincount(both_ways[:, 0], minlength=count)
    beta = np.where(valence > 3, 3 / (8 * np.maximum(valence, 1)), 3 / 16)
    on_border = borders > 0
    curve = borders == 2
    weight = np.where(on_border[both_ways[:, 0]], np.where(is_inner, 0.0, 1 / 8), beta[both_ways[:, 0]])
    weight = np.where((on_border & ~curve)[both_ways[:, 0]], 0.0, weight)
    centre = np.where(on_border, np.where(curve, 3 / 4, 1.0), 1 - valence * beta)
    neighbours = sparse.csr_matrix((weight, (both_ways[:, 0], both_ways[:, 1])), (count, count))
    return neighbours + sparse.diags(centre)


def vertex_normals(vertices: FloatArray, triangles: IntArray) -> FloatArray:
    """Return area-weighted unit normals, (N, 3) float32."""
    corners = vertices[triangles]
    cross: FloatArray = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    rows = triangles.reshape(-1)
    weights = np.repeat(cross, 3, axis=0)
    normals: FloatArray = np.stack([np.bincount(rows, weights[:, axis], len(vertices)) for axis in range(3)], axis=1)
    return np.asarray(normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-20), np.float32)
