"""Form of a plain shoe over one foot: a sole under its outline, and a vamp of superellipses that clear the toes.

Lengths in mm are those of a shoe for a foot of 250 mm; ``unit`` turns them into metres on this foot.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
import shapely.affinity
from scipy.interpolate import PchipInterpolator

from vmodel.body.mesh.anatomy_chart import smoothstep
from vmodel.types import ByteArray, FloatArray, IntArray

UPPER, SOLE, LINING = range(3)
"""Values of ``WornShoes.material``."""

_AROUND, _UP, _STATIONS = 64, 10, 26
FOOT_MM = 250.0
"""Length of the foot that numbers in mm are for."""
_LOW_M, _TREAD_M = 0.05, 0.04
"""Height below which points are the foot's and not the leg's, and below which they give the outline of the sole."""
_EASE_MM, _TOE_MM = 3.5, 7.0
_SOLE_MM, _WELT_MM, _LIP_MM, _CLOTH_MM = 17.0, 1.8, 14.0, 2.2
_TALLEST_MM, _CAP_MM, _LEAST_MM = 125.0, 36.0, 12.0
_COLLAR = ((0.0, 62.0), (0.10, 60.0), (0.28, 50.0), (0.42, 52.0), (0.52, 64.0), (0.62, 110.0), (1.1, 110.0))
"""Height of the opening's edge over the floor, in mm, by share of the foot's length from the heel."""
_BAND = ((0.0, -1.5), (0.12, 0.0), (0.8, 0.0), (0.93, -0.4), (1.0, -1.4), (1.02, -3.0))
"""Profile of the sole's edge: share of its height, and mm outwards of the welt."""
_SPINE = (0.16, 0.80)
"""Ends of the line over which the vamp closes, as shares of the length."""
_TOE_SPRING_MM = 10.0
ROUND = 2.5
"""Exponent of the superellipse; 2 would be round, more is squarer."""


@dataclass(frozen=True, eq=False)
class ShoeLast:
    """Form of a shoe in the foot's own axes: along from the heel, across to the left, up from the floor; metres.

    Attributes:
        origin: (3,) the heel on the floor, in the world.
        axes: (3, 3) rows along, across and up.
        length: of the foot.
        outline: (n, 2) of the sole, along and across.
        spine: (n, 2) the point of the middle line that each point of the outline faces.
        ridge: height of the form over the middle line, by metres along.
    """

    origin: FloatArray
    axes: FloatArray
    length: float
    outline: FloatArray
    spine: FloatArray
    ridge: PchipInterpolator

    @classmethod
    def over(cls, foot_m: FloatArray) -> ShoeLast:
        """Build the form over a foot.

        Args:
            foot_m: (V, 3) points of foot and ankle, standing flat and facing negative y.
        """
        origin, axes = _frame(foot_m)
        foot = (foot_m - origin) @ axes.T
        length = float(foot[foot[:, 2] < _LOW_M, 0].max())
        unit = length / FOOT_MM
        sole = _sole(foot, length)
        at = np.linspace(0.02, 1.0, _STATIONS) * length
        slices = [foot[np.abs(foot[:, 0] - a) < 0.022 * length] for a in at]
        top = np.array([part[:, 2].max(initial=0.0) for part in slices])
        # The vamp falls to the toes in one sweep, and its tip stays as high as a toe cap.
        height = np.maximum(_smoothed(np.minimum(top, _TALLEST_MM * unit) + _EASE_MM * unit, 1), _CAP_MM * unit)
        # The middle line lies under the ridge of the foot, which runs towards the big toe.
        crest = np.array([part[part[:, 2] > part[:, 2].max() - 6 * unit, 1].mean() for part in slices])
        middle = np.array([sole.intersection(shapely.LineString([(a, -1), (a, 1)])).centroid.y for a in at])
        outline = _evenly(sole)
        along = np.clip(outline[:, 0], _SPINE[0] * length, _SPINE[1] * length)
        spine = np.column_stack([along, np.interp(along, at, _smoothed(0.5 * (middle + crest), 4))])
        return cls(origin, axes, length, outline, spine, PchipInterpolator(at, height))

    @property
    def unit(self) -> float:
        """Metres on this foot for a millimetre on one of 250 mm."""
        return self.length / FOOT_MM

    def depth(self, points_m: FloatArray) -> FloatArray:
        """Return the depth (n,) of points in the world, 0..1: 1 well below the edge of the opening, 0 above it."""
        local = (points_m - self.origin) @ self.axes.T
        return np.asarray(smoothstep(4, 16, (self._collar(local[:, 0]) - local[:, 2]) / self.unit), np.float32)

    def mesh(self) -> tuple[FloatArray, IntArray, ByteArray]:
        """Return vertices (n, 3) in the world in metres, triangles (t, 3) facing outwards, and their materials (t,)."""
        upper, is_open = self._upper()
        grids = [(self._band(), SOLE), (upper, UPPER), (self._lining(upper[-1], is_open), LINING)]
        starts = np.cumsum([0] + [grid.shape[0] * grid.shape[1] for grid, _ in grids])
        faces = [_grid_triangles(*grid.shape[:2]) + start for (grid, _), start in zip(grids, starts, strict=False)]
        local = np.concatenate([grid.reshape(-1, 3) for grid, _ in grids])
        material = np.repeat([material for _, material in grids], [len(each) for each in faces])
        return local @ self.axes + self.origin, np.concatenate(faces), material.astype(np.uint8)

    def _collar(self, along_m: FloatArray) -> FloatArray:
        share, height = np.array(_COLLAR).T
        return np.asarray(PchipInterpolator(share, height)(np.clip(along_m / self.length, 0, share[-1])) * self.unit)

    def _upper(self) -> tuple[FloatArray, FloatArray]:
        """Return the upper and where it is open.

        The upper (rows, n, 3) reaches from the sole to the opening, or to the middle line where it is closed; the
        second array (n, 1) is 1 where it is open.
        """
        sole_m = _SOLE_MM * self.unit
        form = np.maximum(self.ridge(self.spine[:, 0]), sole_m + _LEAST_MM * self.unit) - sole_m
        share = np.clip((self._collar(self.outline[:, 0]) - sole_m) / form, 0, 1)
        # Equal steps of the angle keep the steps along the superellipse alike.
        angle = np.linspace(0, 1, _UP + 1)[:, None] * np.arcsin(share ** (ROUND / 2))
        out, up = np.cos(angle) ** (2 / ROUND), np.sin(angle) ** (2 / ROUND)
        flat = self.spine + (self.outline - self.spine) * out[..., None]
        return np.concatenate([flat, (sole_m + form * up)[..., None]], axis=2), (share < 0.97)[:, None]

    def _lining(self, edge: FloatArray, is_open: FloatArray) -> FloatArray:
        """Return the lining (3, n, 3) from the edge of the opening over its thickness down the inside."""
        inward = np.column_stack([_unit(self.spine - edge[:, :2]) * _CLOTH_MM * self.unit, np.zeros(len(edge))])
        down = np.array([0, 0, -_LIP_MM * self.unit])
        lip = edge + inward * is_open
        return np.stack([edge, lip, lip + (down - 0.3 * inward) * is_open])

    def _band(self) -> FloatArray:
        """Return the sole's edge (rows, n, 3), raised a little at the toe."""
        out = _unit(self.outline - self.spine) * self.unit
        rise = _TOE_SPRING_MM * self.unit * np.clip((self.outline[:, 0] / self.length - 0.78) / 0.25, 0, 1) ** 2
        rows = []
        for share, inset_mm in _BAND:
            height = np.maximum(share * _SOLE_MM * self.unit, rise * (1 - share))
            rows.append(np.column_stack([self.outline + out * (_WELT_MM + inset_mm), height]))
        return np.stack(rows)


def _frame(foot_m: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the heel on the floor, and the axes along, across and up."""
    floor = foot_m[:, 2].min()
    low = foot_m[foot_m[:, 2] < floor + _LOW_M]
    along = np.linalg.svd(low[:, :2] - low[:, :2].mean(axis=0), full_matrices=False)[2][0]
    along = along * -np.sign(along[1])
    axes = np.array([[along[0], along[1], 0], [-along[1], along[0], 0], [0, 0, 1.0]])
    local = (low - low.mean(axis=0)) @ axes.T
    origin = low.mean(axis=0) + axes[0] * local[:, 0].min() + axes[1] * np.median(local[:, 1])
    return np.append(origin[:2], floor), axes


def _sole(foot: FloatArray, length: float) -> shapely.Polygon:
    """Return the outline of the tread with ease round it and room in front of the toes."""
    unit = length / FOOT_MM
    hull = shapely.MultiPoint(foot[foot[:, 2] < _TREAD_M][:, :2]).convex_hull
    ahead = shapely.affinity.translate(hull, (_TOE_MM - _EASE_MM) * unit)
    front = shapely.intersection(ahead, shapely.box(0.5 * length, -1, 2, 1))
    return shapely.union(hull, front).convex_hull.buffer(_EASE_MM * unit, quad_segs=24)


def _evenly(sole: shapely.Polygon) -> FloatArray:
    """Return points (n, 2) along an outline at even distances, its corners rounded."""
    points = shapely.line_interpolate_point(sole.exterior, np.arange(_AROUND) / _AROUND, normalized=True)
    outline = shapely.get_coordinates(points)
    for _ in range(6):
        outline = 0.25 * np.roll(outline, 1, axis=0) + 0.5 * outline + 0.25 * np.roll(outline, -1, axis=0)
    return np.asarray(outline)


def _smoothed(values: FloatArray, rounds: int) -> FloatArray:
    """Draw values (n,) towards their neighbours; the ends stay."""
    result = np.array(values, float)
    for _ in range(rounds):
        result[1:-1] = (result[:-2] + 2 * result[1:-1] + result[2:]) / 4
    return result


def _unit(vectors: FloatArray) -> FloatArray:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-6))


def _grid_triangles(rows: int, columns: int) -> IntArray:
    """Return the triangles of a grid that is closed along its columns."""
    here = np.arange(columns)
    after = (here + 1) % columns
    every = []
    for row in range(rows - 1):
        low, high = row * columns, (row + 1) * columns
        every.append(np.stack([low + here, low + after, high + here], axis=1))
        every.append(np.stack([low + after, high + after, high + here], axis=1))
    return np.concatenate(every)
