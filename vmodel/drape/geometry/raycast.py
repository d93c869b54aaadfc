"""First hits of rays on a mesh, body or cloth."""

# mypy: disable-error-code="untyped-decorator,valid-type"

from __future__ import annotations

import numpy as np
import warp as wp

from vmodel.body.mesh.anny_model import init_warp
from vmodel.types import FloatArray, IntArray


@wp.kernel
def _first_hits(
    mesh: wp.uint64,
    start: wp.array(dtype=wp.vec3),
    way: wp.array(dtype=wp.vec3),
    reach: float,
    distance: wp.array(dtype=float),
    facing: wp.array(dtype=float),
) -> None:
    i = wp.tid()
    q = wp.mesh_query_ray(mesh, start[i], way[i], reach)
    distance[i] = reach
    if q.result:
        distance[i] = q.t
        facing[i] = wp.dot(q.normal, way[i])


def first_hits(
    points_m: FloatArray, faces: IntArray, starts_m: FloatArray, ways: FloatArray, reach_m: float
) -> tuple[FloatArray, FloatArray]:
    """Find the first triangle on each ray.

    Args:
        points_m: (N, 3) of the mesh.
        faces: (F, 3) of it, counter-clockwise seen from outside.
        starts_m: (S, 3).
        ways: (S, 3) unit directions.
        reach_m: largest distance of a hit.
    Returns:
        (S,) metres, ``reach_m`` without a hit, and (S,) cosine between the ray and the triangle's outside.
    """
    init_warp()
    mesh = wp.Mesh(
        points=wp.array(np.ascontiguousarray(points_m, np.float32), dtype=wp.vec3, device="cpu"),
        indices=wp.array(np.ascontiguousarray(faces.ravel(), np.int32), dtype=int, device="cpu"),
    )
    starts, way = (wp.array(np.ascontiguousarray(p, np.float32), dtype=wp.vec3, device="cpu") for p in (starts_m, ways))
    distance, facing = (wp.zeros(len(starts_m), dtype=float, device="cpu") for _ in range(2))
    wp.launch(_first_hits, len(starts_m), inputs=[mesh.id, starts, way, reach_m, distance, facing], device="cpu")
    return np.array(distance.numpy()), np.array(facing.numpy())
