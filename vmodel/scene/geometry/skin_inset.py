"""Body kept under cloth: skin that a drape touches is drawn in a little, as cloth presses it."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from vmodel.body.mesh.subdivision import vertex_normals
from vmodel.scene.geometry.vectors import dot, length
from vmodel.types import BoolArray, Drape, FloatArray, PosedBody

_REACH_M = 0.03
_CLEARANCE_M = 0.005
_DEEPEST_M = 0.015


def tucked_under(posed: PosedBody, drape: Drape | None, spared: BoolArray) -> FloatArray:
    """Move body vertices inwards where they touch or poke through the garment.

    Args:
        posed: the body.
        drape: the garment, or None.
        spared: (V,) bool, vertices that stay: hands and face lie on cloth, never under it.
    Returns:
        (V, 3) float32 metres; no vertex moves by more than 20 mm.
    """
    body = np.asarray(posed.vertices_m, np.float32)
    if drape is None or len(drape.vertices_m) == 0:
        return body
    cloth = np.asarray(drape.vertices_m, np.float32)
    outward = vertex_normals(cloth, drape.triangles)
    own = vertex_normals(body, posed.faces)
    distance, nearest = cKDTree(cloth).query(body, k=3, distance_upper_bound=_REACH_M)
    push = np.zeros(len(body), np.float32)
    for rank in range(3):
        reached = np.flatnonzero(np.isfinite(distance[:, rank]) & ~spared)
        index = nearest[reached, rank]
        offset = body[reached] - cloth[index]
        height = dot(offset, outward[index])
        beside = length(offset - height[:, None] * outward[index])
        # An arm that lies on the torso's cloth faces it; only skin that faces the same way is under it.
        same_way = dot(own[reached], outward[index])
        covered = (beside < 0.016) & (same_way > 0.3) & (height < _DEEPEST_M) & (height > -_CLEARANCE_M)
        push[reached] = np.maximum(push[reached], np.where(covered, height + _CLEARANCE_M, 0))
    return np.asarray(body - own * push[:, None], np.float32)
