"""Collision pieces of the body: the trunk with head and legs, and each arm.

A hanging arm lies against the torso. If every particle looked for the nearest skin of the whole body, torso cloth
would be caught by the arm. Each piece therefore holds only the cloth that belongs to it at full depth; the other
pieces merely keep it from sinking in.
"""

from __future__ import annotations

import numpy as np

from vmodel.body.mesh.measure import vertices_on
from vmodel.body.model.body import Body
from vmodel.drape.solver.cloth_solver import ColliderPart
from vmodel.types import BoolArray, FloatArray

_ROOT_BONES = ("shoulder01", "upperarm01")
ARM_BONES = ("upperarm02", "lowerarm", "wrist", "metacarpal", "finger")
DEEP_M = 0.09
SHALLOW_M = 0.012


def body_parts(body: Body, on_arm: FloatArray, deep_m: float = DEEP_M) -> list[ColliderPart]:
    """Return the colliders in the order left arm, right arm, trunk.

    Args:
        body: surface and labels.
        on_arm: (N,) share of each particle that belongs to a sleeve; positive left, negative right.
        deep_m: how deep cloth may lie in its own piece and still be brought out.
    """
    share = np.abs(on_arm)
    parts = []
    for side, sign in (("L", 1.0), ("R", -1.0)):
        own = np.clip(sign * on_arm, 0, 1)
        limb = arm_vertices(body, side)
        reach = np.where(own > 0.02, deep_m, np.where(sign * on_arm >= 0, SHALLOW_M, 0.0))
        parts.append(_cut(body, limb, reach, own))
    trunk = ~vertices_on(body.surface, lambda b: b.startswith(ARM_BONES))
    parts.append(_cut(body, trunk, np.where(share < 0.5, deep_m, SHALLOW_M), 1 - share))
    return parts


def arm_vertices(body: Body, side: str) -> BoolArray:
    """Mark the vertices of an arm and its shoulder, (V,) bool; ``side`` is "L" or "R"."""
    return vertices_on(
        body.surface, lambda bone: bone.startswith(ARM_BONES + _ROOT_BONES) and bone.endswith(f".{side}")
    )


def _cut(body: Body, chosen: BoolArray, reach_m: FloatArray, carried: FloatArray) -> ColliderPart:
    faces = body.surface.faces
    kept = faces[chosen[faces].all(axis=1)]
    border = np.zeros(len(chosen), bool)
    partly = chosen[faces].any(axis=1) & ~chosen[faces].all(axis=1)
    border[faces[partly]] = True
    vertices, renumbered = np.unique(kept, return_inverse=True)
    return ColliderPart(
        vertices=vertices,
        faces=renumbered.reshape(-1, 3).astype(np.int32),
        border_faces=np.asarray(border[kept].any(axis=1), np.int32),
        reach_m=reach_m,
        carried=carried,
    )
