"""Nearest places on a mesh: where cloth is held to the skin, and what a collar lies on."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from vmodel.types import FloatArray, IntArray


def nearest_on_mesh(
    points: FloatArray, vertices: FloatArray, faces: IntArray, candidates: int = 1
) -> tuple[IntArray, FloatArray, FloatArray]:
    """Find the triangle nearest to each point, and the point's foot in it.

    Args:
        points: (P, 3) metres.
        vertices: (V, 3) metres.
        faces: (T, 3) of the mesh; at least as many as candidates.
        candidates: how many triangles with the nearest centres are looked at.
    Returns:
        (P,) int index of the triangle, (P, 3) float weights of its corners in 0..1, (P,) float distance in metres.
    """
    if not len(points):
        return np.zeros(0, int), np.zeros((0, 3)), np.zeros(0)
    near = cKDTree(vertices[faces].mean(axis=1)).query(points, k=[*range(1, candidates + 1)])[1]
    corners = vertices[faces[near]]
    e1, e2 = corners[:, :, 1] - corners[:, :, 0], corners[:, :, 2] - corners[:, :, 0]
    d = points[:, None] - corners[:, :, 0]
    a, b, c, f, g = (np.einsum("pnk,pnk->pn", u, v) for u, v in ((e1, e1), (e1, e2), (e2, e2), (e1, d), (e2, d)))
    det = np.maximum(a * c - b * b, 1e-16)
    v, w = (c * f - b * g) / det, (a * g - b * f) / det
    weights = np.clip(np.stack([1 - v - w, v, w], axis=-1), 0, 1)
    weights /= weights.sum(axis=-1, keepdims=True)
    distance = np.linalg.norm(points[:, None] - np.einsum("pnk,pnkc->pnc", weights, corners), axis=-1)
    row, best = np.arange(len(points)), distance.argmin(axis=1)
    return near[row, best], weights[row, best], distance[row, best]
