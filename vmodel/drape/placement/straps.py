"""Thin straps: finding their particles, and laying them flat on the shoulder."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from vmodel.drape.cloth.mesh import Cloth
from vmodel.drape.geometry.signed_distance import distance_to_body
from vmodel.types import BoolArray, FloatArray, IntArray, PosedBody

UNTWISTING = 3
"""Rounds of smoothing and turning."""


def on_strap(cloth: Cloth) -> BoolArray:
    """Return an (N,) mask of particles of strips that are one triangle wide."""
    narrow = np.zeros(cloth.count, bool)
    narrow[cloth.triangles[cloth.rim[cloth.triangles].all(axis=1)]] = True
    return narrow


def lay_straps(cloth: Cloth, positions_m: FloatArray, posed: PosedBody) -> FloatArray:
    """Turn narrow straps with their outside away from the skin, each place about the strap's middle line.

    A strip one triangle wide has no stiffness against twisting: the solver may turn it over between two supports.

    Args:
        cloth: particles and triangles, counter-clockwise seen from outside.
        positions_m: (N, 3).
        posed: the wearer.
    Returns:
        (N, 3); only particles of straps have moved.
    """
    narrow = on_strap(cloth)
    narrow[cloth.triangles[~cloth.rim[cloth.triangles].all(axis=1)]] = False  # where it meets the garment it is held
    if not narrow.any():
        return positions_m
    rim = {tuple(sorted(edge)) for edge in cloth.open_edges.tolist()}
    sides = np.concatenate([cloth.triangles[:, [0, 1]], cloth.triangles[:, [1, 2]], cloth.triangles[:, [2, 0]]])
    on_rim = np.array([tuple(sorted(side)) in rim for side in sides.tolist()])
    edge, rung = sides[on_rim], sides[~on_rim]  # the strap lies on the left of an edge, seen from outside
    (next_to, both), (beside, opposite) = _sums(cloth.count, edge, edge[:, ::-1]), _sums(cloth.count, rung)
    at = np.flatnonzero(narrow & (opposite > 0) & (both == 2))
    laid = np.array(positions_m, float)
    for _ in range(UNTWISTING):
        laid[at] = (laid[at] + (next_to @ laid)[at] / 2) / 2  # places that twisting has pushed past each other
        tangent = np.zeros_like(laid)
        for end in edge.T:
            np.add.at(tangent, end, laid[edge[:, 1]] - laid[edge[:, 0]])
        along = _unit(tangent[at])
        half = ((beside @ laid)[at] / opposite[at, None] - laid[at]) / 2
        half -= np.sum(half * along, axis=1, keepdims=True) * along
        middle = laid[at] + half
        distance, skin = distance_to_body(middle, posed.vertices_m, posed.faces)
        inward = _unit(np.cross((middle - skin) * np.sign(distance)[:, None], along))
        laid[at] = middle - inward * np.linalg.norm(half, axis=1, keepdims=True)
    return laid


def _unit(vectors: FloatArray) -> FloatArray:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9))


def _sums(count: int, *pairs: IntArray) -> tuple[sparse.csr_matrix, FloatArray]:
    """Return a matrix that sums the values of each particle's partners, and the number of its partners."""
    first, second = np.concatenate(pairs).T
    matrix = sparse.csr_matrix((np.ones(len(first)), (first, second)), shape=(count, count))
    return matrix, np.asarray(matrix.sum(axis=1)).ravel()
