"""Foot as shoes are built on it: its refined skin in the last's axes, and sections of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import ConvexHull

from vmodel.types import FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class Foot:
    """Skin of one foot and ankle in the last's axes, in mm of a foot of 250 mm.

    Attributes:
        vertices: (n, 3).
        triangles: (t, 3).
    """

    vertices: FloatArray
    triangles: IntArray

    def cut(self, place: FloatArray, normal: FloatArray) -> FloatArray:
        """Return the points (m, 3) at which edges cross a plane."""
        height = (self.vertices - place) @ normal
        ends = np.concatenate([self.triangles[:, [0, 1]], self.triangles[:, [1, 2]], self.triangles[:, [2, 0]]])
        ends = ends[(height[ends[:, 0]] > 0) != (height[ends[:, 1]] > 0)]
        share = height[ends[:, 0]] / (height[ends[:, 0]] - height[ends[:, 1]])
        return np.asarray(self.vertices[ends[:, 0]] * (1 - share[:, None]) + self.vertices[ends[:, 1]] * share[:, None])

    def level(self, height: float) -> FloatArray:
        """Return the convex outline (m, 2) of the level section at a height."""
        flat = self.cut(np.array([0, 0, height]), np.array([0.0, 0, 1]))[:, :2]
        return np.asarray(flat[ConvexHull(flat).vertices])

    def section(self, place: FloatArray, normal: FloatArray, up: FloatArray, turns: FloatArray) -> FloatArray:
        """Return the convex section (n, 3) in a plane, at directions ``turns`` from ``up`` round its middle."""
        points = self.cut(place, normal)
        across = np.cross(up, normal)
        plane = np.column_stack([(points - place) @ across, (points - place) @ up])
        hull = plane[ConvexHull(plane).vertices]
        centre = 0.5 * (hull.min(axis=0) + hull.max(axis=0))
        reach = reach_of(hull - centre, np.pi / 2 - turns)
        flat = centre + reach[:, None] * np.column_stack([np.sin(turns), np.cos(turns)])
        return np.asarray(place + flat[:, :1] * across + flat[:, 1:] * up)


def reach_of(hull: FloatArray, turns: FloatArray) -> FloatArray:
    """Return how far a convex outline (m, 2) reaches from the origin in each direction (n,), in radians."""
    away = np.column_stack([np.cos(turns), np.sin(turns)])
    start, step = hull, np.roll(hull, -1, axis=0) - hull
    cross = away[:, :1] * step[:, 1] - away[:, 1:] * step[:, 0]
    safe = np.where(np.abs(cross) < 1e-9, 1e-9, cross)
    distance = (start[:, 0] * step[:, 1] - start[:, 1] * step[:, 0]) / safe
    share = (start[:, 0] * away[:, 1:] - start[:, 1] * away[:, :1]) / safe
    hit = (share > -1e-6) & (share < 1 + 1e-6) & (distance > 0)
    return np.asarray(np.where(hit, distance, 0).max(axis=1))
