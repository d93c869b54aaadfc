"""Props besides body and garment: the stool of seated poses, and shoes."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial import cKDTree

from vmodel.body.mesh.subdivision import vertex_normals
from vmodel.body.shoes.sock import DRAWN_IN_M
from vmodel.body.shoes.worn import WornShoes
from vmodel.scene.geometry.smoothing import averaging
from vmodel.scene.geometry.stool import stool_mesh
from vmodel.scene.geometry.vectors import dot, length
from vmodel.types import BoolArray, Drape, FloatArray, IntArray, PosedBody

STOOL_ALBEDO = 0.5
_ABOVE_M, _BESIDE_M, _DEEPEST_M, _CLEARANCE_M = 0.02, 0.014, 0.02, 0.004
_SPREADS = 12


@dataclass(frozen=True, eq=False)
class Props:
    """Mesh of all props.

    Attributes:
        vertices_m: (n, 3) float32.
        triangles: (t, 3) int32.
        albedo: (t, 3) float32 linear light.
        gloss: (t, 3) float32 roughness, specular reflectance and sheen; without reflectance they are matte.
        is_shoe: (t,) bool.
    """

    vertices_m: FloatArray
    triangles: IntArray
    albedo: FloatArray
    gloss: FloatArray
    is_shoe: BoolArray


def make_props(posed: PosedBody, shoes: WornShoes | None) -> Props:
    """Build the stool of a seated pose, and the shoes.

    Args:
        posed: the body.
        shoes: in the same pose, or None.
    """
    vertices, triangles = stool_mesh(posed)
    albedo = np.full((len(triangles), 3), STOOL_ALBEDO, np.float32)
    gloss = np.zeros((len(triangles), 3), np.float32)
    is_shoe = np.zeros(len(triangles), bool)
    if shoes is not None:
        triangles = np.concatenate([triangles, shoes.triangles + len(vertices)]).astype(np.int32)
        vertices = np.concatenate([vertices, shoes.vertices_m])
        colours = np.array([look.albedo for look in shoes.looks], np.float32)
        shine = np.array([(look.roughness, look.specular, look.sheen) for look in shoes.looks], np.float32)
        albedo = np.concatenate([albedo, colours[shoes.material]])
        gloss = np.concatenate([gloss, shine[shoes.material]])
        is_shoe = np.concatenate([is_shoe, np.ones(len(shoes.triangles), bool)])
    return Props(vertices, triangles, albedo, gloss, is_shoe)


def over_shoes(drape: Drape, shoes: WornShoes) -> Drape:
    """Lay the garment's hems over the shoes; it was draped on bare feet, and shoes are wider than ankles.

    Args:
        drape: in the pose of the shoes.
        shoes: the garment has to hang outside of them.
    """
    shell = shoes.material == 0 if shoes.shell is None else shoes.shell
    if not shell.any():
        return drape
    upper = np.unique(shoes.triangles[shell])
    cloth = np.array(drape.vertices_m, np.float32)
    low = np.flatnonzero(cloth[:, 2] < shoes.vertices_m[:, 2].max() + _ABOVE_M)
    if len(low) == 0:
        return drape
    normals = vertex_normals(shoes.vertices_m, shoes.triangles)[upper]
    distance, nearest = cKDTree(shoes.vertices_m[upper]).query(cloth[low])
    offset = cloth[low] - shoes.vertices_m[upper][nearest]
    height = dot(offset, normals[nearest])
    beside = np.sqrt(np.maximum(distance**2 - height**2, 0))
    amount = np.where((beside < _BESIDE_M) & (height > -_DEEPEST_M), np.maximum(_CLEARANCE_M - height, 0), 0)
    push = np.zeros_like(cloth)
    push[low] = normals[nearest] * amount[:, None]
    # Cloth above the opening's edge moves along; otherwise it would form a step there.
    spread = averaging(drape.triangles, len(cloth))
    moved = push
    for _ in range(_SPREADS):
        near = np.asarray(spread @ moved, np.float32)
        moved = np.where((length(push) > length(near))[:, None], push, near)
    return replace(drape, vertices_m=cloth + moved)


def inside_shoes(body_m: FloatArray, faces: IntArray, shoes: WornShoes) -> FloatArray:
    """Put the feet of the body (V, 3) into shoes: onto an open sole, and drawn in, so that no toe shows through."""
    stands = body_m if shoes.lift_m is None else body_m + shoes.lift_m
    return np.asarray(stands - vertex_normals(stands, faces) * (DRAWN_IN_M * shoes.inside)[:, None], np.float32)
