"""First hits and shadows of rays through Embree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from vmodel.types import BoolArray, FloatArray, IntArray

_BATCH = 1 << 18


@dataclass(frozen=True)
class Hits:
    """First hits of rays on a surface.

    Attributes:
        triangle: (N,) int32, -1 for a miss.
        bary: (N, 2) float32 weights of the triangle's second and third corner.
        distance: (N,) float32 in lengths of the ray's direction; inf for a miss.
    """

    triangle: IntArray
    bary: FloatArray
    distance: FloatArray


class Tracer:
    """Ray tracer of a triangle mesh; batches of more than 262,144 rays are split to bound memory."""

    def __init__(self, vertices_m: FloatArray, triangles: IntArray) -> None:
        from embreex.mesh_construction import TriangleMesh
        from embreex.rtcore_scene import EmbreeScene

        self._scene: Any = EmbreeScene(robust=True)
        self._empty = len(triangles) == 0
        if not self._empty:
            self._mesh: Any = TriangleMesh(
                self._scene,
                np.ascontiguousarray(vertices_m, np.float32),
                np.ascontiguousarray(triangles, np.int32),
            )

    def first_hits(self, origins: FloatArray, directions: FloatArray) -> Hits:
        """Shoot (N, 3) rays; directions need not be unit length."""
        count = len(origins)
        triangle = np.full(count, -1, np.int32)
        bary = np.zeros((count, 2), np.float32)
        distance = np.full(count, np.inf, np.float32)
        if self._empty:
            return Hits(triangle, bary, distance)
        for start in range(0, count, _BATCH):
            part = slice(start, start + _BATCH)
            found = self._scene.run(_packed(origins[part]), _packed(directions[part]), output=1)
            hit = found["primID"] >= 0
            triangle[part] = found["primID"]
            bary[part, 0], bary[part, 1] = found["u"], found["v"]
            distance[part] = np.where(hit, found["tfar"], np.inf)
        return Hits(triangle, bary, distance)

    def blocked(self, origins: FloatArray, directions: FloatArray, reach: FloatArray) -> BoolArray:
        """Return whether anything lies on each ray before ``reach`` lengths of its direction: (N,) bool."""
        result = np.zeros(len(origins), bool)
        if self._empty:
            return result
        for start in range(0, len(origins), _BATCH):
            part = slice(start, start + _BATCH)
            found = self._scene.run(
                _packed(origins[part]), _packed(directions[part]), dists=_packed(reach[part]), query="OCCLUDED"
            )
            result[part] = found >= 0
        return result


def _packed(values: FloatArray) -> FloatArray:
    return np.ascontiguousarray(values, np.float32)
