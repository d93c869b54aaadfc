"""Surface of head and trunk that hair grows on and must stay outside of."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field

import numpy as np
from scipy.spatial import cKDTree

from vmodel.body.mesh.anatomy_chart import load_anatomy, vertex_normals
from vmodel.body.mesh.anny_model import load_surface
from vmodel.types import BoolArray, FloatArray, IntArray

LOWEST_MM = -640.0
"""Height of the neutral body above which the longest hair ends."""


@dataclass(frozen=True, eq=False)
class Contact:
    """Position of points relative to the surface.

    Attributes:
        distance_m: (n,) signed distance, positive outside.
        normal: (n, 3) outward direction.
        spot_mm: (n, 3) the points in the neutral body's coordinates.
    """

    distance_m: FloatArray
    normal: FloatArray
    spot_mm: FloatArray


@dataclass(frozen=True, eq=False)
class HeadSurface:
    """Head, neck and trunk of one body, sampled at vertices and face centres.

    Attributes:
        samples_m: (m, 3) points of the surface; normals (m, 3); spot_mm (m, 3) neutral spots.
        scale: metres of this head per metre of the neutral one.
        axes: (3, 3) turns world directions into the neutral body's, as far as the trunk has turned.
    """

    samples_m: FloatArray
    normals: FloatArray
    spot_mm: FloatArray
    scale: float
    tree: cKDTree
    axes: FloatArray = field(default_factory=lambda: np.eye(3))

    def contact(self, points_m: FloatArray) -> Contact:
        """Return the nearest-plane contact of (n, 3) points; exact to a fraction of a millimetre near the skin."""
        _, index = self.tree.query(points_m)
        away = points_m - self.samples_m[index]
        normal = self.normals[index]
        distance = np.einsum("nc,nc->n", away, normal)
        return Contact(distance, normal, self.spot_mm[index] + away @ self.axes.T * (1000 / self.scale))

    def pushed_out(self, points_m: FloatArray, clearance_m: float, reach_m: float = np.inf) -> FloatArray:
        """Move points (n, 3) that are closer to the surface than the clearance out to it.

        Args:
            points_m: (n, 3).
            clearance_m: least distance.
            reach_m: points farther than this from every sample stay, on whichever side of its plane they lie.
        """
        away_m, index = self.tree.query(points_m, distance_upper_bound=reach_m)
        near = np.flatnonzero(np.isfinite(away_m))
        normal = self.normals[index[near]]
        distance = np.einsum("nc,nc->n", points_m[near] - self.samples_m[index[near]], normal)
        pushed = np.array(points_m)
        pushed[near] += normal * np.maximum(clearance_m - distance, 0)[:, None]
        return pushed


def on_ear(spot_mm: FloatArray) -> BoolArray:
    """Mark spots of the ears: (n,) bool."""
    x, y, z = np.abs(spot_mm[:, 0]), spot_mm[:, 1], spot_mm[:, 2]
    return np.asarray((x > 73.5) & (z < 13) & (z > -55) & (y > 44) & (y < 108))


@functools.cache
def _outer_faces(keep_ears: bool) -> IntArray:
    """Return the skin faces of head and trunk without arms, ears' insides, eyeballs, mouth."""
    anatomy, surface = load_anatomy(), load_surface()
    centre = anatomy.spot_mm[surface.faces].mean(axis=1)
    # Where ears join the skull the mesh turns outwards; without the ears only what faces away from it is kept.
    facing = anatomy.normal[surface.faces].mean(axis=1)
    away = centre - np.array([0, 72.0, 28.0])
    away /= np.linalg.norm(away, axis=1, keepdims=True)
    joint = (
        (np.einsum("fc,fc->f", facing, away) < 0.8) & (centre[:, 2] > -60) & (centre[:, 2] < 30) & (centre[:, 1] > 35)
    )
    outer = ~anatomy.hidden_faces & (anatomy.eye_faces == 0) & (centre[:, 2] > LOWEST_MM) & (np.abs(centre[:, 0]) < 260)
    return np.flatnonzero(outer & (keep_ears | ~(on_ear(centre) | joint)))


def head_surface(vertices_m: FloatArray, keep_ears: bool = True, axes: FloatArray | None = None) -> HeadSurface:
    """Index the surface of a body, rest or posed.

    Args:
        vertices_m: (V, 3) vertices.
        keep_ears: without them, hair that is combed back passes under the ears.
        axes: (3, 3) from world directions to the rest body's, where the body has turned.
    """
    anatomy, faces = load_anatomy(), load_surface().faces
    outer = _outer_faces(keep_ears)
    normal = vertex_normals(vertices_m, faces)
    centre_normal = normal[faces[outer]].mean(axis=1)
    centre_normal /= np.maximum(np.linalg.norm(centre_normal, axis=1, keepdims=True), 1e-9)
    used = np.unique(faces[outer])
    samples = np.concatenate([vertices_m[used], vertices_m[faces[outer]].mean(axis=1)])
    spots = np.concatenate([anatomy.spot_mm[used], anatomy.spot_mm[faces[outer]].mean(axis=1)])
    normals = np.concatenate([normal[used], centre_normal])
    turned = np.eye(3) if axes is None else axes
    return HeadSurface(samples, normals, spots, head_scale(vertices_m), cKDTree(samples), turned)


def head_scale(vertices_m: FloatArray) -> float:
    """Return the size of this head relative to the neutral one, from the spread of the skull's vertices."""
    anatomy = load_anatomy()
    skull = anatomy.spot_mm[:, 2] > 20
    return float(
        np.linalg.norm(vertices_m[skull].std(axis=0)) / np.linalg.norm(anatomy.spot_mm[skull].std(axis=0)) * 1000
    )


@dataclass(frozen=True, eq=False)
class Roots:
    """Points on the skin.

    Attributes:
        points_m, normal: (n, 3) on this body.
        spot_mm: (n, 3) on the neutral one.
    """

    points_m: FloatArray
    normal: FloatArray
    spot_mm: FloatArray

    def __len__(self) -> int:
        """Return the number of roots."""
        return len(self.points_m)

    def take(self, index: IntArray) -> Roots:
        """Return the roots at some indices."""
        return Roots(self.points_m[index], self.normal[index], self.spot_mm[index])


def scatter_roots(vertices_m: FloatArray, faces: IntArray, count: int, rng: np.random.Generator) -> Roots:
    """Spread points evenly by area over some faces of the body.

    Args:
        vertices_m: (V, 3) of the body.
        faces: indices of the faces to scatter on.
        count: number of points.
        rng: generator.
    """
    anatomy, corners = load_anatomy(), load_surface().faces[faces]
    a, b, c = (vertices_m[corners[:, k]] for k in range(3))
    area = np.linalg.norm(np.cross(b - a, c - a), axis=1)
    # Even steps along the summed area: faces get their share without clusters.
    at = (np.arange(count) + rng.uniform(0, 1, count)) / count
    chosen = np.searchsorted(np.cumsum(area) / area.sum(), at).clip(0, len(faces) - 1)
    u, v = rng.uniform(0, 1, count), rng.uniform(0, 1, count)
    fold = u + v > 1
    u, v = np.where(fold, 1 - u, u), np.where(fold, 1 - v, v)
    weights = np.stack([1 - u - v, u, v], axis=1)
    normal = vertex_normals(vertices_m, load_surface().faces)

    def blend(values: FloatArray) -> FloatArray:
        return np.asarray(np.einsum("nk,nkc->nc", weights, values[corners[chosen]]))

    normals = blend(normal)
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    return Roots(blend(vertices_m), normals, blend(anatomy.spot_mm))
