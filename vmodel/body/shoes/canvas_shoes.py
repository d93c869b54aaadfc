"""Plain canvas shoes: made over the feet at rest, then carried along as the feet bend.

They are white and have no design of their own, so that they do not distract from the garment.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial import cKDTree

from vmodel.body.mesh.anatomy_chart import load_anatomy
from vmodel.body.model.body import Body
from vmodel.body.shoes.last import ShoeLast
from vmodel.types import ByteArray, FloatArray, IntArray, PosedBody

_ANKLE_MM = -1330
"""Height of the neutral body's spots below which vertices belong to foot and ankle."""
_NEAR, _REACH_M = 48, 0.022


@dataclass(frozen=True, eq=False)
class WornShoes:
    """Both shoes in a pose, as one mesh.

    Attributes:
        vertices_m: (n, 3) float32.
        triangles: (t, 3) int32, counter-clockwise seen from outside.
        material: (t,) uint8, of ``vmodel.body.shoes.last``.
        inside: (V,) float32 0..1, how far each vertex of the body lies inside a shoe.
    """

    vertices_m: FloatArray
    triangles: IntArray
    material: ByteArray
    inside: FloatArray


@dataclass(frozen=True, eq=False)
class Shoes:
    """Both shoes on a body at rest.

    Attributes:
        rest: the shoes at rest.
        feet_m: (V, 3) the body at rest.
        near: (n, k) vertices of the body that each vertex of a shoe follows.
        weight: (n, k) float32, how much it follows each.
    """

    rest: WornShoes
    feet_m: FloatArray
    near: IntArray
    weight: FloatArray

    def carried(self, posed: PosedBody) -> WornShoes:
        """Return the shoes on the feet of a pose.

        Each vertex moves rigidly with the foot around it (moving least squares).
        """
        at_rest, moved = self.feet_m[self.near], np.asarray(posed.vertices_m, np.float32)[self.near]
        total = self.weight.sum(axis=1)[:, None]
        centres = [np.einsum("nk,nkc->nc", self.weight, points) / total for points in (at_rest, moved)]
        spread = [points - centre[:, None] for points, centre in zip((at_rest, moved), centres, strict=True)]
        left, _, right = np.linalg.svd(np.einsum("nk,nki,nkj->nij", self.weight, *spread))
        # Reflections are not allowed: a last axis that came out reversed is flipped back.
        left[:, :, 2] *= np.sign(np.linalg.det(left) * np.linalg.det(right))[:, None]
        turned = np.einsum("ni,nij,njk->nk", self.rest.vertices_m - centres[0], left, right)
        vertices = turned + centres[1]
        vertices[:, 2] = np.maximum(vertices[:, 2], 0)
        return replace(self.rest, vertices_m=vertices.astype(np.float32))


def make_shoes(body: Body) -> Shoes:
    """Make shoes over the feet of a body.

    Args:
        body: the wearer; topology and stance at rest are the same for every body.
    """
    rest = np.asarray(body.rest.vertices_m, np.float32)
    inside = np.zeros(len(rest), np.float32)
    meshes: list[tuple[FloatArray, IntArray, IntArray]] = []
    near, weight, start = [], [], 0
    for side in (1.0, -1.0):
        foot = _foot_of(side)
        last = ShoeLast.over(rest[foot])
        vertices, triangles, material = last.mesh()
        inside[foot] = last.depth(rest[foot])
        distance, index = cKDTree(rest[foot]).query(vertices, k=_NEAR)
        meshes.append((vertices, triangles + start, material))
        start += len(vertices)
        near.append(foot[index])
        weight.append(np.exp(-0.5 * (distance / _REACH_M) ** 2))
    worn = WornShoes(
        np.concatenate([vertices for vertices, _, _ in meshes]).astype(np.float32),
        np.concatenate([triangles for _, triangles, _ in meshes]).astype(np.int32),
        np.concatenate([material for _, _, material in meshes]).astype(np.uint8),
        inside,
    )
    return Shoes(worn, rest, np.concatenate(near), np.concatenate(weight).astype(np.float32))


def _foot_of(side: float) -> IntArray:
    """Return the vertices of one foot and ankle; spots are those of the neutral body."""
    spot = load_anatomy().spot_mm
    return np.flatnonzero((spot[:, 0] * side > 0) & (spot[:, 2] < _ANKLE_MM))
