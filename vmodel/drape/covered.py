"""Does the sleeve cover the arm? Cloth that was torn through a stout arm lies outside of it, and yet the arm shows."""

# mypy: disable-error-code="untyped-decorator,valid-type"

from __future__ import annotations

import numpy as np
import warp as wp

from vmodel.body.anny_model import init_warp
from vmodel.body.measure import vertices_on
from vmodel.body.model import Body
from vmodel.body.subdivision import vertex_normals
from vmodel.drape.cloth import Cloth
from vmodel.types import BoolArray, FloatArray, PosedBody

BARE_LIMIT = 0.13
"""Share of an upper arm that may show: a gaping armhole shows a tenth, a torn sleeve three tenths and more."""
REACH_M = 0.15
END_M = 0.03
"""Margin at the sleeve's end, whose cuff may lie askew."""


@wp.kernel
def _hits(
    mesh: wp.uint64,
    start: wp.array(dtype=wp.vec3),
    way: wp.array(dtype=wp.vec3),
    reach: float,
    hit: wp.array(dtype=int),
) -> None:
    i = wp.tid()
    if wp.mesh_query_ray(mesh, start[i], way[i], reach).result:
        hit[i] = 1


def bare_share(cloth: Cloth, positions_m: FloatArray, on_arm: FloatArray, body: Body, posed: PosedBody) -> float:
    """Largest share of an upper arm that shows where its sleeve should cover it.

    Args:
        cloth: the garment's particles and triangles.
        positions_m: (N, 3).
        on_arm: (N,) share of each particle that belongs to a sleeve; positive left, negative right.
        body: for the bones of its skin.
        posed: the body under the cloth.
    Returns:
        0..1; 0 for garments without sleeves.
    """
    worst = 0.0
    skin = np.asarray(posed.vertices_m, np.float32)
    outward = vertex_normals(skin, posed.faces)
    for side, sign in (("L", 1.0), ("R", -1.0)):
        sleeve = np.asarray(positions_m, float)[sign * on_arm > 0.6]
        if len(sleeve) < 40:
            continue
        shoulder, elbow = (np.asarray(posed.joints_m[f"{bone}.{side}"], float) for bone in ("upperarm01", "lowerarm01"))
        length = float(np.linalg.norm(elbow - shoulder))
        axis = (elbow - shoulder) / length
        end = float(np.quantile((sleeve - shoulder) @ axis, 0.9)) - END_M
        along = (skin - shoulder) @ axis
        arm = vertices_on(body.surface, (f"upperarm02.{side}").__eq__)
        arm &= (along > 0.3 * length) & (along < min(end, 0.95 * length))
        if arm.sum() >= 12:
            seen = _met(cloth, positions_m, skin[arm] - 0.002 * outward[arm], outward[arm])
            worst = max(worst, 1 - float(seen.mean()))
    return worst


def _met(cloth: Cloth, positions_m: FloatArray, start_m: FloatArray, way: FloatArray) -> BoolArray:
    """(P,) True where a ray meets cloth."""
    init_warp()
    mesh = wp.Mesh(
        points=wp.array(np.ascontiguousarray(positions_m, np.float32), dtype=wp.vec3, device="cpu"),
        indices=wp.array(np.ascontiguousarray(cloth.triangles.ravel(), np.int32), dtype=int, device="cpu"),
    )
    starts, ways = (wp.array(np.ascontiguousarray(p, np.float32), dtype=wp.vec3, device="cpu") for p in (start_m, way))
    hit = wp.zeros(len(start_m), dtype=int, device="cpu")
    wp.launch(_hits, len(start_m), inputs=[mesh.id, starts, ways, REACH_M, hit], device="cpu")
    return np.asarray(hit.numpy() > 0)
