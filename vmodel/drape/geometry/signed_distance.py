"""Signed distance of cloth from the skin, and moving cloth out that lies too close or inside."""

# mypy: disable-error-code="untyped-decorator,valid-type"

from __future__ import annotations

import numpy as np
import warp as wp

from vmodel.body.mesh.anny_model import init_warp
from vmodel.types import FloatArray, IntArray, PosedBody


@wp.kernel
def _signed(
    mesh: wp.uint64,
    x: wp.array(dtype=wp.vec3),
    reach: float,
    distance: wp.array(dtype=float),
    foot: wp.array(dtype=wp.vec3),
) -> None:
    i = wp.tid()
    q = wp.mesh_query_point_sign_normal(mesh, x[i], reach)
    distance[i] = reach
    if q.result:
        at = wp.mesh_eval_position(mesh, q.face, q.u, q.v)
        distance[i] = q.sign * wp.length(x[i] - at)
        foot[i] = at


def distance_to_body(
    points_m: FloatArray, vertices_m: FloatArray, faces: IntArray, reach_m: float = 0.1
) -> tuple[FloatArray, FloatArray]:
    """Return the signed distance of points to a body (negative inside) and the nearest skin points.

    Returns:
        (P,) float32 metres, at most ``reach_m``, and (P, 3) float32.
    """
    init_warp()
    mesh = wp.Mesh(
        points=wp.array(np.ascontiguousarray(vertices_m, np.float32), dtype=wp.vec3, device="cpu"),
        indices=wp.array(np.ascontiguousarray(faces.ravel(), np.int32), dtype=int, device="cpu"),
    )
    x = wp.array(np.ascontiguousarray(points_m, np.float32), dtype=wp.vec3, device="cpu")
    distance = wp.zeros(len(points_m), dtype=float, device="cpu")
    foot = wp.zeros(len(points_m), dtype=wp.vec3, device="cpu")
    wp.launch(_signed, len(points_m), inputs=[mesh.id, x, reach_m, distance, foot], device="cpu")
    return np.array(distance.numpy()), np.array(foot.numpy())


def push_out(points_m: FloatArray, posed: PosedBody, room_m: float) -> FloatArray:
    """Move points closer to the skin than ``room_m`` or inside it out along the nearest way; return (P, 3) points."""
    distance, foot = distance_to_body(points_m, posed.vertices_m, posed.faces)
    out = points_m - foot
    out *= np.sign(distance)[:, None] / np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-9)
    return np.where((distance < room_m)[:, None], foot + out * (room_m + 1e-4), points_m)
