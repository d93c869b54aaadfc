"""Plain canvas shoes: built over the foot at rest, then carried along as the foot bends.

Nobody designs them: a sole under the outline of the foot, and over it a vamp whose cross-section is a superellipse
that clears the toes. They are white, so that nothing is taken from the garment.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import shapely
from scipy.interpolate import PchipInterpolator
from scipy.spatial import cKDTree

from vmodel.body.chart import load_anatomy, smoothstep
from vmodel.body.model import Body
from vmodel.types import ByteArray, FloatArray, IntArray, PosedBody

UPPER, SOLE, LINING = range(3)
"""Values of ``Shoes.material``."""

_AROUND, _UP = 84, 14
_FOOT_MM = 250.0
"""Length of the foot that the other lengths are for."""
_EASE_MM, _TOE_MM = 3.5, 7.0
_SOLE_MM, _WELT_MM, _LIP_MM, _CLOTH_MM = 17.0, 1.8, 14.0, 2.2
_COLLAR = ((0.0, 62.0), (0.10, 60.0), (0.28, 50.0), (0.42, 52.0), (0.52, 64.0), (0.62, 110.0), (1.1, 110.0))
"""Height of the opening's edge over the floor, in mm, by share of the foot's length from the heel."""
_TALLEST_MM, _CAP_MM = 125.0, 36.0
_ROUND = 2.5
_NEAR = 48
_REACH_M = 0.022


@dataclass(frozen=True, eq=False)
class WornShoes:
    """Both shoes in a pose, as one mesh.

    Attributes:
        vertices_m: (n, 3) float32.
        triangles: (t, 3) int32, counter-clockwise seen from outside.
        material: (t,) uint8, ``UPPER``, ``SOLE`` or ``LINING``.
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
        rest: as they stand there.
        feet_m: (V, 3) the body at rest.
        near: (n, k) vertices of the body that each vertex of a shoe goes along with.
        weight: (n, k) float32, how much.
    """

    rest: WornShoes
    feet_m: FloatArray
    near: IntArray
    weight: FloatArray

    def carried(self, posed: PosedBody) -> WornShoes:
        """The shoes on the feet of a pose: each vertex moves rigidly with the foot around it (moving least squares)."""
        at_rest, moved = self.feet_m[self.near], np.asarray(posed.vertices_m, np.float32)[self.near]
        total = self.weight.sum(axis=1)[:, None]
        centres = [np.einsum("nk,nkc->nc", self.weight, points) / total for points in (at_rest, moved)]
        spread = [points - centre[:, None] for points, centre in zip((at_rest, moved), centres, strict=True)]
        left, _, right = np.linalg.svd(np.einsum("nk,nki,nkj->nij", self.weight, *spread))
        # No mirror images: a last axis that came out reversed is turned back.
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
        last = _Last.of(rest[foot])
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
    """Vertices of one foot and ankle; spots are those of the neutral body."""
    spot = load_anatomy().spot_mm
    return np.flatnonzero((spot[:, 0] * side > 0) & (spot[:, 2] < -1330))


@dataclass(frozen=True, eq=False)
class _Last:
    """The shoe's form in the foot's own axes: along from the heel, across to the left, up from the floor; metres."""

    origin: FloatArray
    axes: FloatArray
    length: float
    outline: FloatArray
    spine: FloatArray
    crest: PchipInterpolator
    unit: float

    @classmethod
    def of(cls, points_m: FloatArray) -> _Last:
        floor = points_m[:, 2].min()
        low = points_m[points_m[:, 2] < floor + 0.05]
        flat = low[:, :2] - low[:, :2].mean(axis=0)
        along = np.linalg.svd(flat, full_matrices=False)[2][0]
        along = along * -np.sign(along[1])  # people at rest face negative y
        axes = np.array([[along[0], along[1], 0], [-along[1], along[0], 0], [0, 0, 1.0]])
        local = (low - low.mean(axis=0)) @ axes.T
        origin = low.mean(axis=0) + axes[0] * local[:, 0].min() + axes[1] * np.median(local[:, 1])
        origin[2] = floor
        local = (points_m - origin) @ axes.T
        length = float(local[local[:, 2] < 0.05, 0].max())
        unit = length / _FOOT_MM
        hull = shapely.MultiPoint(local[local[:, 2] < 0.04][:, :2]).convex_hull
        toe = shapely.affinity.translate(hull, _TOE_MM * unit - _EASE_MM * unit)
        sole = shapely.union(hull, shapely.intersection(toe, shapely.box(0.5 * length, -1, 2, 1))).convex_hull
        sole = sole.buffer(_EASE_MM * unit, quad_segs=24)
        ring = shapely.LineString(sole.exterior.coords)
        at = np.linspace(0, 1, _AROUND, endpoint=False)
        outline = np.array([ring.interpolate(share, normalized=True).coords[0] for share in at])
        for _ in range(6):
            outline = 0.25 * np.roll(outline, 1, axis=0) + 0.5 * outline + 0.25 * np.roll(outline, -1, axis=0)
        ends = np.array([0.16, 0.80]) * length
        spine_a = np.clip(outline[:, 0], *ends)
        stations = np.linspace(0.02, 1.0, 26) * length
        slices = [local[np.abs(local[:, 0] - a) < 0.022 * length] for a in stations]
        height = np.array([part[:, 2].max() if len(part) else 0.0 for part in slices])
        height = np.minimum(height, _TALLEST_MM * unit) + _EASE_MM * unit
        # The spine lies under the ridge of the foot, which runs towards the big toe.
        ridge = [part[part[:, 2] > part[:, 2].max() - 6 * unit, 1].mean() if len(part) else 0.0 for part in slices]
        middle = np.array([sole.intersection(shapely.LineString([(a, -1), (a, 1)])).centroid.y for a in stations])
        spine = _smoothed(0.5 * middle + 0.5 * np.array(ridge), 4)
        # The vamp falls to the toes in one sweep, and its tip stays as high as a toe cap.
        height = np.maximum(_smoothed(height, 1), _CAP_MM * unit)
        return cls(
            origin,
            axes,
            length,
            outline,
            np.column_stack([spine_a, np.interp(spine_a, stations, spine)]),
            PchipInterpolator(stations, height),
            unit,
        )

    def collar(self, along_m: FloatArray) -> FloatArray:
        """(n,) metres: height of the opening's edge."""
        share, height = np.array(_COLLAR).T
        return np.asarray(PchipInterpolator(share, height)(np.clip(along_m / self.length, 0, 1.1)) * self.unit)

    def top(self, along_m: FloatArray) -> FloatArray:
        """(n,) metres: height of the ridge, above the opening where that is open."""
        return np.asarray(self.crest(np.clip(along_m, 0.02 * self.length, self.length)))

    def mesh(self) -> tuple[FloatArray, IntArray, IntArray]:
        """Vertices in metres in the world, triangles, and their materials."""
        sole_m = _SOLE_MM * self.unit
        ridge = np.maximum(self.top(self.spine[:, 0]), sole_m + 12 * self.unit)
        form = ridge
        edge = np.minimum(self.collar(self.outline[:, 0]), form)
        rows, centre = [], self.spine
        share_up = np.clip((edge - sole_m) / (form - sole_m), 0, 1)
        # Equal steps of the angle keep the steps along the superellipse alike.
        last_angle = np.arcsin(np.clip(share_up, 0, 1) ** (_ROUND / 2))
        for k in range(_UP + 1):
            angle = last_angle * k / _UP
            up = np.sin(angle) ** (2 / _ROUND)
            out = np.cos(angle) ** (2 / _ROUND)
            flat = centre + (self.outline - centre) * out[:, None]
            rows.append(np.column_stack([flat, sole_m + (form - sole_m) * up]))
        upper = np.stack(rows)
        inward = centre - upper[-1][:, :2]
        inward /= np.maximum(np.linalg.norm(inward, axis=1, keepdims=True), 1e-6)
        thick, deep = _CLOTH_MM * self.unit, _LIP_MM * self.unit
        opened = (share_up < 0.97)[:, None]
        lip = upper[-1] + np.column_stack([inward * thick, np.zeros(len(inward))]) * opened
        lining = lip + np.column_stack([-0.3 * inward * thick, np.full(len(inward), -deep)]) * opened
        away = self.outline - centre
        away /= np.maximum(np.linalg.norm(away, axis=1, keepdims=True), 1e-6)
        welt = self.outline + away * _WELT_MM * self.unit
        rise = 10 * self.unit * np.clip((self.outline[:, 0] / self.length - 0.78) / 0.25, 0, 1) ** 2  # toe spring
        profile = ((0.0, -1.5), (0.12, 0.0), (0.8, 0.0), (0.93, -0.4), (1.0, -1.4), (1.02, -3.0))
        band = np.stack(
            [
                np.column_stack([welt + away * inset * self.unit, np.maximum(h * sole_m, rise * (1 - h))])
                for h, inset in profile
            ]
        )
        parts = [(band, SOLE), (upper, UPPER), (np.stack([upper[-1], lip, lining]), LINING)]
        vertices, triangles, materials, start = [], [], [], 0
        for grid, material in parts:
            faces = _grid_triangles(*grid.shape[:2]) + start
            start += grid.shape[0] * grid.shape[1]
            vertices.append(grid.reshape(-1, 3))
            triangles.append(faces)
            materials.append(np.full(len(faces), material))
        return (
            np.concatenate(vertices) @ self.axes + self.origin,
            np.concatenate(triangles),
            np.concatenate(materials),
        )

    def depth(self, points_m: FloatArray) -> FloatArray:
        """(n,) 0..1: 1 well below the opening's edge, 0 above it."""
        local = (points_m - self.origin) @ self.axes.T
        below = self.collar(local[:, 0]) - local[:, 2]
        return np.asarray(smoothstep(4, 16, below / self.unit), np.float32)


def _smoothed(values: FloatArray, rounds: int) -> FloatArray:
    """(n,) the same with its ends kept and the rest drawn towards the neighbours."""
    result = np.array(values, float)
    for _ in range(rounds):
        result[1:-1] = (result[:-2] + 2 * result[1:-1] + result[2:]) / 4
    return result


def _grid_triangles(rows: int, columns: int) -> IntArray:
    """Triangles of a grid that is closed along its columns."""
    here = np.arange(columns)
    after = (here + 1) % columns
    every = []
    for row in range(rows - 1):
        low, high = row * columns, (row + 1) * columns
        every.append(np.stack([low + here, low + after, high + here], axis=1))
        every.append(np.stack([low + after, high + after, high + here], axis=1))
    return np.concatenate(every)
